// How much of a metrics.jsonl was written before a checkpoint.
#pragma once

#include <cstdint>
#include <filesystem>

namespace binade::host {

// Bytes of the whole lines at the file's beginning that tell of steps up to `step` and of evaluations up to
// `evaluated_step`; 0 when there is no such file. Throws std::system_error naming a file that cannot be read: what
// follows would else be cut off.
std::uint64_t metrics_until(const std::filesystem::path& path, std::uint64_t step, std::uint64_t evaluated_step);

}  // namespace binade::host
