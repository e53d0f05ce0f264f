#include "host/engine/evaluation/held_out.h"

#include <fmt/format.h>

#include <optional>

#include "binade/abi/plugin.h"
#include "host/base/clock.h"
#include "host/data/subset.h"
#include "host/engine/evaluation/validation_splits.h"
#include "host/engine/model/initial_weights.h"
#include "host/engine/optim/weight_average.h"

namespace binade::host {
namespace {

std::vector<const Split*> held_out(const Dataset& dataset) {
  std::vector<const Split*> found;
  for (const auto& split : dataset.splits()) {
    if (split.name != "train" && !is_validation(split)) found.push_back(&split);
  }
  return found;
}

EvaluationPlan plan_for(const HeldOutEvaluation& what, const Split& split) {
  const auto& validation = what.validation;
  return {.dataset = validation.dataset,
          .split = split,
          .batch_size = validation.batch_size,
          .workers = validation.workers,
          .prefetch = validation.prefetch,
          .seed = validation.seed,
          .stop_signal = validation.stop_signal,
          .before_batch = [&what] { what.training.enter(Activity::evaluation, what.statistics.steps); }};
}

}  // namespace

std::vector<HeldOutResult> evaluate_held_out(const HeldOutEvaluation& what) {
  const auto splits = held_out(what.validation.dataset);
  if (splits.empty()) return {};
  auto& training = what.training;
  const bool best = what.statistics.best_step != 0 && !what.best_file.empty() && exists(what.best_file);
  std::optional<WeightAverage::Applied> averaged;
  if (best) {
    load_initial_weights(training.model, what.best_file, true);
  } else {
    averaged.emplace(training.average);
  }
  std::vector<HeldOutResult> results;
  std::string missing;
  for (const auto* whole : splits) {
    const auto split = what.dry_run ? subset(*whole, what.validation.batch_size, what.validation.seed) : *whole;
    auto evaluated =
        evaluate(plan_for(what, split), training.model, training.task, training.precision.constants(), training.device);
    if (!evaluated) {
      missing += fmt::format("{}`{}`", missing.empty() ? "" : ", ", split.name);
      continue;
    }
    evaluated->step = what.statistics.steps;
    evaluated->time = unix_time();
    what.listener.evaluated(*evaluated);
    results.push_back({std::move(*evaluated), best ? what.statistics.best_step : what.statistics.steps});
  }
  if (!missing.empty()) {
    what.listener.message(BINADE_LOG_WARNING, "a signal ended the run before it had evaluated " + missing);
  }
  return results;
}

}  // namespace binade::host
