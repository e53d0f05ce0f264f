// Exports a run's whole history with timestamps in the OpenMetrics text format, for
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

// Exports `metrics_file`, a run's metrics.jsonl, as binade_history_loss{run_id,split} and others. The names differ from
// those of the live metrics, which have only the scraped steps. Prometheus stores one value per series and millisecond:
// a step in the same millisecond as the previous one is written one millisecond later, so that none is lost (many short
// steps are therefore dated later than they happened). Values that were not measured are omitted; NaN and infinities
// are exported. An incomplete last line after a crash is ignored. Throws std::system_error if the file cannot be read,
// and std::runtime_error that names the line if one is damaged.
ExportedHistory write_openmetrics(const std::filesystem::path& metrics_file, const std::string& run_id,
                                  std::ostream& out);

}  // namespace binade::host
