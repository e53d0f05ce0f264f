#include "host/commands/bench.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>

#include "binade/abi/plugin.h"
#include "host/base/error_text.h"
#include "host/bench/advice.h"
#include "host/bench/bench_json.h"
#include "host/bench/bench_metrics.h"
#include "host/bench/bench_runner.h"
#include "host/bench/bench_table.h"
#include "host/cli/command_line.h"
#include "host/cli/exit_codes.h"
#include "host/cli/signals.h"
#include "host/experiment/resolved.h"
#include "host/run/prometheus_target.h"
#include "host/telemetry/exporter/exporter.h"

namespace binade::host {
namespace {

std::string cpuinfo() {
  std::stringstream text;
  text << std::ifstream("/proc/cpuinfo").rdbuf();
  return text.str();
}

std::vector<std::string> ids_of(const BenchPlan& plan) {
  std::vector<std::string> ids;
  for (const auto& contender : plan.contenders) ids.push_back(contender.id);
  return ids;
}

// One benchmark, from its directory to its exit code.
class Bench {
 public:
  Bench(const BenchArguments& arguments, const BenchPlan& plan, const CommandLine& line)
      : arguments_(arguments),
        plan_(plan),
        color_(line.color()),
        stop_signal_(stop_signal()),
        name_(plan.experiment.experiment.name),
        directory_(arguments.runs, name_, to_toml(plan.experiment), "bench-"),
        runner_(arguments, plan, directory_, line.executable(), stop_signal_),
        ids_(ids_of(plan)),
        metrics_(std::make_shared<BenchMetrics>(directory_.run_id(), name_, ids_, arguments.repeats)) {
    start_exporter();
  }

  int run() {
    try {
      runner_.run([this](const FinishedRun& run) { finished(run); });
    } catch (const ContenderFailed& failure) {
      log_line(color_, BINADE_LOG_ERROR, failure.what());
      report("failed");
      return failure.exit_code();
    } catch (const std::exception&) {
      report("failed");
      throw;
    }
    const int signal = stop_signal_.load();
    const bool stopped = runner_.repeats().size() < arguments_.repeats;
    const int code = report(stopped ? "interrupted" : "finished");
    return stopped ? 128 + signal : code;
  }

 private:
  void start_exporter() {
    const auto& settings = plan_.experiment.metrics;
    if (!settings.enabled) return;
    try {
      exporter_ = std::make_unique<Exporter>(ExporterOptions{endpoint_options(settings), {}}, metrics_);
      log_line(color_, BINADE_LOG_INFO, "metrics of the benchmark: " + exporter_->address());
    } catch (const std::runtime_error& error) {
      if (settings.required) throw;
      log_line(color_, BINADE_LOG_WARNING, fmt::format("NO METRICS ENDPOINT while this runs: {}", error_text(error)));
    }
  }

  void finished(const FinishedRun& run) {
    const auto left = run.seconds_left > 0 ? fmt::format("; about {} left", short_duration(run.seconds_left)) : "";
    log_line(color_, BINADE_LOG_INFO,
             fmt::format("{}, repeat {} of {}, {}{}", run.contender, run.repeat, arguments_.repeats,
                         short_duration(run.seconds), left));
    metrics_->run_finished(run.contender);
    const auto& repeats = runner_.repeats();
    if (repeats.empty() || repeats.size() == shown_) return;
    shown_ = repeats.size();
    metrics_->show(compare(ids_, repeats, arguments_.thresholds));
  }

  // Prints and writes the complete repeats. Returns the exit code of a benchmark that was not stopped.
  int report(const std::string& state) {
    if (runner_.repeats().empty()) {
      log_line(color_, BINADE_LOG_INFO,
               fmt::format("{}, and no repeat is complete, so there is nothing to report; the runs are in {}", state,
                           shown_directory()));
      return exit_run_failed;
    }
    const auto result = compare(ids_, runner_.repeats(), arguments_.thresholds);
    const BenchReport report{arguments_,        plan_,  shown_directory(),       state,
                             runner_.repeats(), result, nothing_learned(result), bench_advice(result, cpuinfo())};
    const auto json = bench_json(report);
    metrics_->show(result);
    directory_.write("bench.json", json);
    directory_.write("bench.prom", metrics_->text());
    if (arguments_.json) {
      for (const auto& sentence : report.nothing_learned) log_line(color_, BINADE_LOG_ERROR, sentence);
    }
    show("{}", Lines{arguments_.json ? json : bench_table(report, Paint(wants_color(color_, stdout)))});
    if (!result.all_learned()) return exit_run_failed;
    return arguments_.gate && !result.all_met() ? exit_run_failed : exit_ok;
  }

  std::string shown_directory() const {
    return (std::filesystem::path(arguments_.runs) / name_ / directory_.run_id()).string();
  }

  const BenchArguments& arguments_;
  const BenchPlan& plan_;
  ColorMode color_;
  const std::atomic<int>& stop_signal_;
  std::string name_;
  RunDirectory directory_;
  BenchRunner runner_;
  std::vector<std::string> ids_;
  std::shared_ptr<BenchMetrics> metrics_;
  std::unique_ptr<Exporter> exporter_;
  std::size_t shown_ = 0;  // repeats that the metrics show
};

int bench(const BenchArguments& arguments, const CommandLine& line) {
  const Catalog catalog(line.plugin_folders());
  const auto plan = plan_bench(arguments, catalog, line.color());
  if (!plan) return exit_usage;
  warn_of_doubts(plan->experiment, line.color());
  return Bench(arguments, *plan, line).run();
}

constexpr const char* examples =
    "  binade bench experiment.toml --precision fp32,bf16\n"
    "  binade bench experiment.toml --precision fp32,bf16,fp16 --repeats 8 --steps 200\n"
    "  binade bench experiment.toml --precision fp32,fp16 --gate --speedup 1.2 --json > result.json\n"
    "\nEach contender runs once per repeat, in a process of its own, all from the same weights on the same samples "
    "(which\n"
    "is verified); the order alternates. Differences are per repeat; intervals are 95 %, by Student's t.\n"
    "  met          the whole interval is at or above the threshold (speed-up, memory), or inside -+ it (accuracy, "
    "loss)\n"
    "  not met      the whole interval is on the other side\n"
    "  cannot tell  the interval contains the threshold: too few repeats\n"
    "The judged memory is the peak of live tensors; the peak of the whole process is shown beside it.\n"
    "A criterion that is off, or that the task does not have (accuracy in a regression), is not judged.\n"
    "A contender whose training loss did not fall by more than its noise learned nothing: no verdict, exit code 1.\n"
    "On a CPU, contenders run in their own precision, as with [precision] cpu = \"allow\".";

constexpr const char* not_judged = "off";

// Sets `threshold`. Returns what is wrong with its text, or an empty string.
std::string take_threshold(const std::string& text, bool positive, std::optional<double>& threshold) {
  threshold.reset();
  if (text == not_judged) return "";
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  const bool is_number = !text.empty() && *end == '\0' && std::isfinite(number);
  if (!is_number || (positive && number <= 0)) {
    return fmt::format("{} is neither a {}number nor \"{}\"", text, positive ? "positive " : "", not_judged);
  }
  threshold = number;
  return "";
}

void add_threshold(Verb& verb, const char* flag, std::optional<double>& threshold, const char* value, const char* help,
                   bool positive = true) {
  const auto shown = threshold ? fmt::format("{}", *threshold) : not_judged;
  const auto take = [&threshold, positive](const std::string& text) {
    return take_threshold(text, positive, threshold);
  };
  verb.parsed_option(flag, take, value, help).show_default(shown);
}

void add_thresholds(Verb& verb, Thresholds& thresholds) {
  add_threshold(verb, "--speedup", thresholds.speedup, "X", "Wanted: this many times the baseline's speed, or off");
  add_threshold(verb, "--memory", thresholds.memory, "PERCENT", "Wanted: this many percent less peak memory, or off",
                false);
  add_threshold(verb, "--accuracy", thresholds.accuracy, "X",
                "Wanted: accuracy differs by less, as a share of 1, or off");
  add_threshold(verb, "--loss", thresholds.loss, "X", "Wanted: the loss differs by less, or off");
}

}  // namespace

void add_bench(CommandLine& line) {
  constexpr std::uint64_t min_repeats = 2, max_repeats = 1000, max_steps = 1'000'000'000;
  const auto arguments = std::make_shared<BenchArguments>();
  auto& verb = line.verb(
      "bench", "Compare precisions: speed, memory, accuracy and loss, with verdicts", examples,
      [arguments, &line] { return bench(*arguments, line); }, Stopping::by_the_verb);
  arguments->experiment.add_to(verb);
  verb.option("--precision", arguments->precision, "A,B,...",
              "Precision plugins, separated by commas; the first is the baseline. The file needs no [precision]")
      .required();
  verb.option("--repeats", arguments->repeats, "N", "Runs of each contender, with the seeds seed, seed + 1, ...")
      .within(min_repeats, max_repeats)
      .show_default();
  verb.option("--steps", arguments->steps, "N",
              "Steps of a run, instead of the experiment's steps, epochs and max_time")
      .within(1, max_steps);
  verb.option("--warmup", arguments->warmup, "N", "First steps that are not timed; default: a tenth, at least 3");
  add_thresholds(verb, arguments->thresholds);
  verb.option("--runs", arguments->runs, "DIR", "The folder for run directories, created if missing").show_default();
  verb.flag("--json", arguments->json, "Print the whole result as JSON instead of tables");
  verb.flag("--gate", arguments->gate, "Exit with 1 unless every verdict is \"met\"");
}

}  // namespace binade::host
