// The checks of loggers.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>

#include "binade/abi/logger.h"
#include "host/base/scratch_folder.h"
#include "host/conformance/checks.h"

namespace binade::host {
namespace {

class Told {
 public:
  Told(const PluginUnderTest& subject, const Plugin& plugin)
      : table_(plugin.table<binade_logger_table>()), object_(plugin, subject.options) {
    if (table_.write == nullptr) throw Violation("its table lacks write");
  }
  template <class Event>
  void tell(std::uint32_t type, Event event) const {
    event.event = {sizeof(Event), type, 1.5e9};
    must_succeed("write", [&](binade_error* error) { return table_.write(object_.self(), &event.event, error); });
  }
  void flush() const {
    if (table_.flush == nullptr) return;
    must_succeed("flush", [&](binade_error* error) { return table_.flush(object_.self(), error); });
  }

 private:
  binade_logger_table table_;
  PluginInstance object_;
};

binade_string text(std::string_view words) { return {words.data(), words.size()}; }

binade_run_start_event start(const ScratchFolder& folder) {
  binade_run_start_event event{};
  event.run_id = text("20260101T000000Z-00000000");
  event.name = text("validate");
  event.directory = text(folder.path().native());
  event.device = text("cpu");
  event.precision = text("fp32");
  event.parameters = 1000;
  event.target_steps = 3;
  event.train_samples = 100;
  return event;
}

binade_step_event step(std::uint64_t number, double loss) {
  binade_step_event event{};
  event.step = number;
  event.loss = loss;
  event.accuracy = std::numeric_limits<double>::quiet_NaN();
  event.learning_rate = 1e-3;
  event.loss_scale = 1;
  event.seconds = 0.01;
  event.samples = 32;
  return event;
}

// `scalars` are those of the model's own loss, in steps and evaluations.
void tell_a_run(const Told& told, const ScratchFolder& folder, const std::vector<binade_scalar>& scalars) {
  told.tell(BINADE_EVENT_RUN_START, start(folder));
  for (std::uint64_t number = 1; number <= 3; ++number) {
    auto event = step(number, 0.5);
    event.scalars = scalars.data();
    event.scalar_count = scalars.size();
    told.tell(BINADE_EVENT_STEP, event);
  }
  binade_evaluation_event evaluation{};
  evaluation.scalars = scalars.data();
  evaluation.scalar_count = scalars.size();
  evaluation.step = 3;
  evaluation.split = text("validation");
  told.tell(BINADE_EVENT_EVALUATION, evaluation);
  binade_message_event message{};
  message.level = BINADE_LOG_WARNING;
  message.text = text("a line");
  told.tell(BINADE_EVENT_MESSAGE, message);
  binade_run_end_event end{};
  end.state = text("finished");
  end.steps = 3;
  told.tell(BINADE_EVENT_RUN_END, end);
  told.flush();
}

void takes_every_event(const PluginUnderTest& subject) {
  const auto plugin = open(subject);
  const ScratchFolder folder("validate");
  tell_a_run(Told(subject, plugin), folder, {{text("kl"), 0.25}, {text("reconstruction"), 0.5}});
}

void tell_steps(const Told& told, std::uint64_t first, std::uint64_t last) {
  for (auto number = first; number <= last; ++number) told.tell(BINADE_EVENT_STEP, step(number, 0.5));
}

void tell_resumed(const Told& told, const ScratchFolder& folder) {
  told.tell(BINADE_EVENT_RUN_START, start(folder));
  binade_resumed_event resumed{};
  resumed.step = 2;
  told.tell(BINADE_EVENT_RESUMED, resumed);
  tell_steps(told, 3, 3);
  told.tell(BINADE_EVENT_RUN_END, binade_run_end_event{});
  told.flush();
}

// The lines of each file in the folder, by file name. The last line may be incomplete.
std::map<std::string, std::vector<std::string>> lines_in(const ScratchFolder& folder) {
  std::map<std::string, std::vector<std::string>> lines;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
    if (!entry.is_regular_file()) continue;
    auto& of_file = lines[entry.path().lexically_relative(folder.path()).string()];
    std::ifstream file(entry.path(), std::ios::binary);
    for (std::string line; std::getline(file, line);) of_file.push_back(line);
  }
  return lines;
}

// Cuts files as a kill in the middle of a write would.
void tear_last_lines(const ScratchFolder& folder) {
  constexpr std::uintmax_t lost = 4;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
    if (entry.is_regular_file() && entry.file_size() > lost) {
      std::filesystem::resize_file(entry.path(), entry.file_size() - lost);
    }
  }
}

// `whole`: files of a run that was never interrupted; `torn`: files before the resumed run continued.
void require_no_line_twice(const std::string& file, const std::vector<std::string>& whole,
                           const std::vector<std::string>& torn, const std::vector<std::string>& resumed) {
  const auto count = [](const auto& lines, const auto& line) { return std::count(lines.begin(), lines.end(), line); };
  for (const auto& line : whole) {
    if (count(whole, line) > 1 || count(resumed, line) <= 1) continue;
    throw Violation(
        fmt::format("a run that was killed after step 3 and resumed at step 2 has a line of {} twice: at the "
                    "event `resumed`, truncate the logger's record to that step",
                    file));
  }
  const auto& last = torn.back();
  const auto is_glued = [&](const std::string& line) {
    return line.starts_with(last) && line.size() > last.size() + last.size() / 2 && count(whole, line) == 0;
  };
  if (last.empty() || std::none_of(resumed.begin(), resumed.end(), is_glued)) return;
  throw Violation(fmt::format(
      "a run that was killed while it wrote {} and then resumed has a line appended to half a line: at the event "
      "`resumed`, remove a last line that is incomplete",
      file));
}

void cuts_back_what_comes_again(const PluginUnderTest& subject) {
  constexpr std::uint32_t minor_of_resumed = 2;
  if (subject.file.abi_minor < minor_of_resumed) return;  // it does not know the event
  const auto plugin = open(subject);
  const ScratchFolder uninterrupted("validate"), killed("validate");
  for (const auto* folder : {&uninterrupted, &killed}) {
    const Told told(subject, plugin);
    told.tell(BINADE_EVENT_RUN_START, start(*folder));
    tell_steps(told, 1, 3);
    if (folder == &uninterrupted) told.tell(BINADE_EVENT_RUN_END, binade_run_end_event{});
    told.flush();
  }
  tear_last_lines(killed);
  const auto torn = lines_in(killed);
  tell_resumed(Told(subject, plugin), killed);
  const auto whole = lines_in(uninterrupted);
  auto resumed = lines_in(killed);
  for (const auto& [file, lines] : torn) {
    const auto same = whole.find(file);
    if (!lines.empty() && same != whole.end()) require_no_line_twice(file, same->second, lines, resumed[file]);
  }
}

void ignores_unknown_events(const PluginUnderTest& subject) {
  const auto plugin = open(subject);
  const ScratchFolder folder("validate");
  const Told told(subject, plugin);
  told.tell(BINADE_EVENT_RUN_START, start(folder));
  struct Unknown {
    binade_event event;
  };
  for (const std::uint32_t type : {0u, 7u, 99u, 0xFFFFFFFFu}) told.tell(type, Unknown{});
}

void takes_extreme_numbers(const PluginUnderTest& subject) {
  using limits = std::numeric_limits<double>;
  const auto plugin = open(subject);
  const ScratchFolder folder("validate");
  const Told told(subject, plugin);
  told.tell(BINADE_EVENT_RUN_START, start(folder));
  for (const double loss : {limits::quiet_NaN(), limits::infinity(), -limits::infinity(), limits::max(), 0.0}) {
    auto event = step(~std::uint64_t{0}, loss);
    event.gradient_norm = loss;
    event.skipped = 1;
    event.skip_cause = text("overflow");
    told.tell(BINADE_EVENT_STEP, event);
  }
  const std::string long_text(100'000, '%');
  binade_message_event message{};
  message.text = text(long_text);
  told.tell(BINADE_EVENT_MESSAGE, message);
  told.flush();
}

void use_logger(const PluginUnderTest& subject, const Plugin& plugin) {
  const ScratchFolder folder("validate");
  tell_a_run(Told(subject, plugin), folder, {});
  tell_resumed(Told(subject, plugin), folder);
}

}  // namespace

std::vector<Check> logger_checks() {
  return with_checks_of_use({{"events", takes_every_event},
                             {"unknown_events", ignores_unknown_events},
                             {"extreme_numbers", takes_extreme_numbers},
                             {"resumed", cuts_back_what_comes_again}},
                            use_logger);
}

}  // namespace binade::host
