// A run's whole history in the OpenMetrics text format, each step with its time: for
// `promtool tsdb create-blocks-from openmetrics`.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>

namespace binade::host {

struct ExportedHistory {
  std::size_t steps = 0, evaluations = 0, samples = 0;
  double last_time = 0;  // Unix, seconds
};

// Writes what `metrics_file`, a run's metrics.jsonl, has: binade_history_loss{run_id,split} and others, named apart
// from the live metrics, which only know the steps that were scraped. Prometheus keeps time in milliseconds, and one
// value per series at a time: a step in the same millisecond as the one before is written one later, so that none is
// lost (many steps shorter than that end later than they did). What was not measured is left out; NaN and infinities
// are written as they came. A line that a crash cut short is passed over at the end. Throws std::system_error when the
// file cannot be read, and std::runtime_error naming the line when one is damaged.
ExportedHistory write_openmetrics(const std::filesystem::path& metrics_file, const std::string& run_id,
                                  std::ostream& out);

}  // namespace binade::host
