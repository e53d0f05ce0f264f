// What a benchmark will run: each contender's experiment, complete and checked before the first one starts.
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
  Experiment experiment;  // with no loggers, no endpoint and no way to end but by steps or epochs
};

struct BenchPlan {
  Experiment experiment;  // as the file says it
  std::vector<Contender> contenders;
  bool drops_use_amp = false;  // the file's [precision] use_amp is left out
  std::uint64_t first_seed() const { return experiment.experiment.seed; }
};

// Says what is wrong on standard error and returns nullopt: a mistake in the experiment, a precision plugin that is not
// there or named twice, fewer than two, or a length in time, in which contenders would do different amounts of work.
std::optional<BenchPlan> plan_bench(const BenchArguments& arguments, const Catalog& plugins, ColorMode color);

}  // namespace binade::host
