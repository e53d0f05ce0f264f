#include "host/run/watchdog_response.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <future>
#include <thread>

#include "binade/abi/plugin.h"
#include "host/base/error_text.h"
#include "host/cli/exit_codes.h"
#include "host/cli/parting.h"
#include "host/experiment/schema/text_forms.h"
#include "host/run/reports/console_report.h"
#include "host/run/reports/summary_json.h"
#include "host/run/run.h"

namespace binade::host {
namespace {

using Clock = std::chrono::steady_clock;

WatchdogLimits limits_of(const OptionTable& watchdog) {
  const auto seconds = [&](std::string_view key) { return parse_duration(watchdog.string(key)).value_or(0); };
  WatchdogLimits limits;
  limits.plugin_call = seconds("plugin_call");
  for (const auto activity : {Activity::data, Activity::forward, Activity::backward, Activity::optimizer,
                              Activity::logging, Activity::evaluation, Activity::checkpoint}) {
    const auto number = static_cast<std::size_t>(activity);
    limits.activities[number] = seconds(activity_names[number]);
  }
  return limits;
}

// Loggers run on their own threads and have their own limits.
std::vector<Plugin> without_loggers(std::vector<Plugin> plugins) {
  const auto is_logger = [](const Plugin& plugin) { return plugin.kind() == PluginKind::logger; };
  plugins.erase(std::remove_if(plugins.begin(), plugins.end(), is_logger), plugins.end());
  return plugins;
}

// Threads that hang cannot be joined.
[[noreturn]] void end_process() {
  std::fflush(nullptr);
  _exit(exit_run_failed);
}

// Works on another thread, so that a disk that hangs does not hold this one.
template <class Work>
bool done_in_time(Clock::time_point until, Work work) {
  std::promise<void> promise;
  const auto done = promise.get_future();
  std::thread([work = std::move(work), promise = std::move(promise)]() mutable {
    work();
    promise.set_value();
  }).detach();
  return done.wait_until(until) == std::future_status::ready;
}

// Whether the training thread is in an activity that does not write what save() reads.
bool is_apart(Activity activity) {
  return activity != Activity::logging && activity != Activity::checkpoint && activity != Activity::ending;
}

bool has_unfinished(const std::filesystem::path& checkpoints) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(checkpoints, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".tmp") return true;
  }
  return false;
}

// Returns the sentence that says how to resume.
std::string save(Run& run, const Hang& hang, Clock::time_point until) {
  run.telemetry().save_of_hung_run(is_apart(hang.at.activity) && run.progress().halt(hang.at));
  run.directory().write("summary.json", failure_json(hang.text, run.telemetry().reached(), run.experiment()));
  const auto checkpoints = run.directory().path() / "checkpoints";
  constexpr std::chrono::milliseconds for_the_rest(200);
  while (has_unfinished(checkpoints) && Clock::now() < until - for_the_rest) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  auto last = last_checkpoint_text(run);
  if (!last.empty()) return last;
  return fmt::format("there is no checkpoint to resume from; what was recorded is in {}",
                     run.shown_directory().string());
}

void end_run(Run& run, const Hang& hang) {
  log_line(run.color(), BINADE_LOG_ERROR, hang.text);
  const auto until = Clock::now() + std::chrono::seconds(1);
  const auto words = std::make_shared<std::string>();
  const bool saved = done_in_time(until, [&run, hang, until, words] {
    try {
      *words = save(run, hang, until);
    } catch (const std::exception& error) {
      *words = error_text(error);
    }
  });
  log_line(run.color(), BINADE_LOG_ERROR,
           saved ? *words : "nothing more could be written to " + run.shown_directory().string());
  run.telemetry().wait_for_scrape();
  done_in_time(Clock::now() + std::chrono::milliseconds(250), part);
  end_process();
}

}  // namespace

std::vector<WatchedPlugin> watched(const std::vector<Plugin>& plugins) {
  std::vector<WatchedPlugin> all;
  for (const auto& plugin : plugins) {
    if (!plugin.call_times()) continue;
    all.push_back({plugin.id(), plugin.version(), std::string(to_string(plugin.kind())), plugin.call_times()});
  }
  return all;
}

std::unique_ptr<Watchdog> watch_start(const Experiment& experiment, const OpenedPlugins& plugins,
                                      const Progress& progress, ColorMode color) {
  if (!experiment.watchdog.boolean("enabled")) return nullptr;
  return std::make_unique<Watchdog>(HangDetector(limits_of(experiment.watchdog), progress, watched(plugins.all())),
                                    [color](const Hang& hang) {
                                      log_line(color, BINADE_LOG_ERROR, hang.text);
                                      end_process();
                                    });
}

std::unique_ptr<Watchdog> watch(Run& run) {
  const auto& watchdog = run.experiment().watchdog;
  if (!watchdog.boolean("enabled")) return nullptr;
  return std::make_unique<Watchdog>(
      HangDetector(limits_of(watchdog), run.progress(), watched(without_loggers(run.plugins().all()))),
      [&run](const Hang& hang) { end_run(run, hang); });
}

}  // namespace binade::host
