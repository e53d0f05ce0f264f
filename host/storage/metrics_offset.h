// Finds how much of a metrics.jsonl was written before a checkpoint.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace binade::host {

struct MetricsUntil {
  // Size of the part to keep: up to the last line of a step up to `step` or of an evaluation up to `evaluated_step`,
  // before the first line of a later one.
  std::uint64_t bytes = 0;
  // Complete lines anywhere in the file that a run would not write.
  std::uint64_t foreign_lines = 0;
  std::uint64_t first_foreign_line = 0;  // line number from 1; 0 if there is none
  std::string first_foreign_text;        // its beginning, unchanged
  std::uint64_t missing_steps = 0;       // steps up to `step` without a line
};

// A missing file counts as empty. Throws std::system_error that names the file if it cannot be read, because otherwise
// the rest would be truncated.
MetricsUntil metrics_offset_at(const std::filesystem::path& path, std::uint64_t step, std::uint64_t evaluated_step);

// A warning with the file's name about foreign lines and missing steps; empty if there are none.
std::string warning_of(const MetricsUntil& found, const std::filesystem::path& path, std::uint64_t step);

}  // namespace binade::host
