// Reads a value from a line of metrics.jsonl.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace binade::host {

// Returns the line's `field`, or `scalars.NAME`: a number; NaN or infinity if it is null and listed in the line's
// `nonfinite`; 1 or 0 for a boolean. Returns nullopt if it was not measured (null or missing).
std::optional<double> metrics_value(const nlohmann::json& line, const std::string& field);

}  // namespace binade::host
