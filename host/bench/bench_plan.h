// The plan of a benchmark: each contender's experiment, complete and checked before the first run starts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/bench/result.h"
#include "host/cli/experiment_argument.h"

namespace binade::host {

struct BenchArguments {
  ExperimentArgument experiment;
  std::string precision;  // "a,b,c": ids of precision plugins, the baseline first
  std::uint64_t repeats = 5;
  std::optional<std::uint64_t> steps, warmup;
  Thresholds thresholds;
  std::string runs = "runs";
  bool json = false, gate = false;
};

struct Contender {
  std::string id;
  Experiment experiment;  // without loggers and endpoint; ends only by steps or epochs
};

struct BenchPlan {
  Experiment experiment;  // as in the file
  std::vector<Contender> contenders;
  bool drops_use_amp = false;  // the file's [precision] use_amp is ignored
  std::uint64_t first_seed() const { return experiment.experiment.seed; }
};

// Prints mistakes on standard error and returns nullopt for a mistake in the experiment, a precision plugin that is
// missing or named twice, fewer than two plugins, or a length given as time, in which a faster contender would do more
// work.
std::optional<BenchPlan> plan_bench(const BenchArguments& arguments, const Catalog& plugins, ColorMode color);

}  // namespace binade::host
