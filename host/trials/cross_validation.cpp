#include "host/trials/cross_validation.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "binade/abi/plugin.h"
#include "host/cli/exit_codes.h"
#include "host/cli/signals.h"
#include "host/loading/catalog.h"
#include "host/run/trial.h"
#include "host/trials/fold_results.h"
#include "host/trials/trials_folder.h"

namespace binade::host {
namespace {

class Folds {
 public:
  Folds(const CrossValidation& asked, const Experiment& experiment, const CommandLine& line)
      : asked_(asked),
        line_(line),
        name_(experiment.experiment.name),
        directory_(make_trials_folder(experiment, asked.runs, "folds-")) {}

  int run() {
    int exit_code = exit_ok;
    for (std::uint64_t fold = 0; fold < asked_.folds && exit_code == exit_ok; ++fold) exit_code = run_fold(fold);
    const bool complete = runs_.size() == asked_.folds;
    report(complete ? "finished" : stop_signal().load() != 0 ? "interrupted" : "failed");
    return exit_code;
  }

 private:
  // Returns the exit code of the fold's run, or that of a signal.
  int run_fold(std::uint64_t fold) {
    const auto end = run_trial({.experiment = directory_.path() / "experiment.toml",
                                .folder = directory_.path(),
                                .name = fmt::format("fold-{}", fold),
                                .overrides = {fmt::format("split.fold={}", fold)},
                                .lock = lock()},
                               line_.executable(), stop_signal());
    const int signal = stop_signal().load();
    if (end.finished()) {
      runs_.push_back({fold, end.directory, end.process.seconds});
      tell(BINADE_LOG_INFO,
           fmt::format("fold {} of {} is finished, {}", fold + 1, asked_.folds, short_duration(end.process.seconds)));
      return signal == 0 ? exit_ok : exit_code_before_the_work(signal);
    }
    if (signal != 0) return end.process.exit_code;
    tell(BINADE_LOG_ERROR, fmt::format("fold {} of {} failed with {}", fold + 1, asked_.folds, end.failure()));
    return end.exit_code();
  }

  std::filesystem::path lock() const {
    if (!asked_.lock.file.empty()) return asked_.lock.file;
    return asked_.lock.locked ? lock_beside(asked_.experiment.file) : std::filesystem::path();
  }

  void report(const std::string& state) const {
    const auto measures = read_measures(runs_);
    directory_.write("summary.json", folds_json(runs_, measures, asked_.folds, state));
    if (runs_.empty()) return;
    const Paint paint(wants_color(line_.color(), stdout));
    show("{}\n", Lines{folds_table(runs_, measures, asked_.folds, paint)});
    show(
        "Means over {} folds with 95 % intervals by Student's t; folds share training samples, so the intervals are\n"
        "somewhat too narrow.\n"
        "  summary    {}\n",
        runs_.size(), (asked_.runs / name_ / directory_.run_id() / "summary.json").string());
    if (runs_.size() < asked_.folds)
      tell(BINADE_LOG_WARNING, fmt::format("only {} of {} folds are in these means", runs_.size(), asked_.folds));
  }

  void tell(std::int32_t level, const std::string& text) const { log_line(line_.color(), level, text); }

  const CrossValidation& asked_;
  const CommandLine& line_;
  std::string name_;
  RunDirectory directory_;
  std::vector<FoldRun> runs_;
};

}  // namespace

int cross_validate(const CrossValidation& asked, const CommandLine& line) {
  auto argument = asked.experiment;
  argument.overrides.push_back(fmt::format("split.folds={}", asked.folds));
  const Catalog catalog(line.plugin_folders());  // its manifests are part of the experiment
  const auto experiment = argument.load(catalog, line.color());
  if (!experiment) return exit_usage;
  if (experiment->tables.split.find("fold")->origin != Origin::default_) {
    log_line(line.color(), BINADE_LOG_ERROR, "--folds trains each fold in turn, so `split.fold` must not be given");
    return exit_usage;
  }
  warn_of_doubts(*experiment, line.color());
  return Folds(asked, *experiment, line).run();
}

}  // namespace binade::host
