// The results of a cross-validation: one run per fold, and their means.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "host/bench/statistics.h"
#include "host/cli/terminal.h"

namespace binade::host {

// A number of each fold's summary.json, such as "validation_loss" or "held_out.test.accuracy"; NaN where a run lacks
// it.
struct FoldMeasure {
  std::string name;
  std::vector<double> values;  // in the order of the folds
  Interval mean;               // over the folds; 95 %, by Student's t
};

struct FoldRun {
  std::uint64_t fold = 0;  // from 0
  std::filesystem::path directory;
  double seconds = 0;
};

// Reads the measures that the runs have: losses and accuracies of the last evaluation, and of the held-out splits.
// Throws std::runtime_error that names a summary.json that cannot be read.
std::vector<FoldMeasure> read_measures(const std::vector<FoldRun>& runs);

// As a table with one line per fold. `folds` is the number of all folds, which an interrupted command has not run.
std::string folds_table(const std::vector<FoldRun>& runs, const std::vector<FoldMeasure>& measures, std::uint64_t folds,
                        const Paint& paint);

// The text of summary.json. `state`: finished, interrupted or failed.
std::string folds_json(const std::vector<FoldRun>& runs, const std::vector<FoldMeasure>& measures, std::uint64_t folds,
                       const std::string& state);

}  // namespace binade::host
