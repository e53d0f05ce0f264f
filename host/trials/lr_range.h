// The learning-rate range test: a short run in which the learning rate grows in every step (arXiv:1506.01186).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/command_line.h"
#include "host/cli/experiment_argument.h"

namespace binade::host {

struct LrRange {
  ExperimentArgument experiment;
  std::filesystem::path runs = "runs";
  double low = 1e-7, high = 10;  // the rates of the first and the last step; 0 < low < high
  std::uint64_t steps = 100;     // >= 20
  bool json = false;
};

// The training loss at each learning rate, in the order of the steps; without steps that were skipped.
struct LrCurve {
  std::vector<double> rates, losses;
  std::vector<double> smoothed;  // exponential moving average of the losses, corrected for its start
};

// Reads the curve from a run's metrics.jsonl, up to the first step whose loss is not finite or whose smoothed loss is
// more than four times the lowest one.
LrCurve read_curve(const std::filesystem::path& metrics);

// The rate at which the smoothed loss falls fastest per decade, before it is lowest. The first tenth of the steps is
// not considered, because the average is still noisy there. Returns nullopt if the loss does not fall or the curve has
// fewer than ten steps.
std::optional<double> suggested_rate(const LrCurve& curve);

// The curve as text of that size in characters: loss over the logarithm of the rate.
std::string plotted(const LrCurve& curve, std::size_t width, std::size_t height);

// Runs the test and prints its curve and the suggestion. Returns the exit code.
int find_learning_rate(const LrRange& asked, const CommandLine& line);

}  // namespace binade::host
