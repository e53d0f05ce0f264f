// How much of a metrics.jsonl was written before a checkpoint.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace binade::host {

struct MetricsUntil {
  // Of the file's beginning, up to the last line that tells of a step up to `step` or of an evaluation up to
  // `evaluated_step`, before the first line that tells of a later one.
  std::uint64_t bytes = 0;
  // Whole lines, anywhere in the file, that no run writes.
  std::uint64_t foreign_lines = 0;
  std::uint64_t first_foreign_line = 0;  // its number, from 1; 0: there is none
  std::string first_foreign_text;        // how it begins, as it stands there
  std::uint64_t missing_steps = 0;       // up to `step`: those of which no line tells
};

// Nothing of it is there when there is no such file. Throws std::system_error naming a file that cannot be read: what
// follows would else be cut off.
MetricsUntil metrics_offset_at(const std::filesystem::path& path, std::uint64_t step, std::uint64_t evaluated_step);

// For people: the file's name, what is foreign and what is missing; empty where all is well.
std::string warning_of(const MetricsUntil& found, const std::filesystem::path& path, std::uint64_t step);

}  // namespace binade::host
