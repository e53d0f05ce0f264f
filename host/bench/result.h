// A benchmark's result: each contender compared with the first, the baseline.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/bench/measurement.h"
#include "host/bench/verdict.h"

namespace binade::host {

// A criterion without a threshold is not judged, nor is one that the task does not have.
struct Thresholds {
  std::optional<double> speedup = 1.5;    // times the baseline's speed, at least
  std::optional<double> memory = 40;      // percent less than the baseline, at least
  std::optional<double> accuracy = 0.01;  // of 1, at most, in either direction
  std::optional<double> loss;             // at most, in either direction
};

// One criterion of one contender against the baseline.
struct Comparison {
  std::string_view criterion;         // "speedup", "allocator_memory", "process_memory", "accuracy", "loss"
  Interval interval;                  // times; percent less; contender - baseline
  std::optional<double> threshold{};  // absent when it is not judged
  std::optional<Verdict> verdict{};   // absent without a threshold, and when nothing was learned
};

struct ContenderResult {
  std::string id, precision;
  // Means over the repeats; NaN without a value.
  double samples_per_second = 0, steps_per_second = 0, median_step_seconds = 0;
  double tensor_bytes = 0, process_bytes = 0, accuracy = 0, loss = 0;
  std::uint64_t skipped_steps = 0;  // of all repeats
  Learning learning;
  bool finite = true;                     // every run ended with a finite loss
  std::vector<Comparison> comparisons{};  // none for the baseline

  bool learned() const { return finite && learning.learned; }
  const Comparison& comparison(std::string_view criterion) const;
};

// The runs of all contenders, in order, with one seed.
struct Repeat {
  std::uint64_t seed = 0;
  std::vector<Measurement> runs;
};

struct BenchResult {
  std::string device;
  std::uint64_t steps = 0, warmup_steps = 0, repeats = 0;
  bool validation_loss = true;  // else `loss` is the training loss, mean of the last tenth of the steps
  bool tensor_memory = true;    // is judged; else the process's memory, when the device's allocator keeps no statistics
  bool accuracy = true;         // exists: the task has labels and the baseline was evaluated
  Thresholds thresholds;
  std::vector<ContenderResult> contenders;  // the baseline first

  bool all_met() const;  // every criterion that is judged; also, each contender learned
  bool all_learned() const;
};

// `repeats` must be complete, and at least one.
BenchResult compare(const std::vector<std::string>& contenders, const std::vector<Repeat>& repeats,
                    const Thresholds& thresholds);

// Throws std::runtime_error when two runs of a repeat cannot be compared, because they did not read the same data,
// begin with the same weights, or see the same samples in the same order.
void require_same_start(const std::string& contender, const Measurement& run, const std::string& other_contender,
                        const Measurement& other, std::uint64_t seed);

// The same for two runs with different seeds, which may split the data differently: compares the files and the
// dataset's description only.
void require_same_files(const Measurement& run, const Measurement& first);

}  // namespace binade::host
