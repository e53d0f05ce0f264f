// A number of a line in metrics.jsonl, read back as it was measured.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace binade::host {

// The line's `field`, or `scalars.NAME`: a number; NaN or an infinity where it is null and the line's `nonfinite` says
// which; 1 or 0 for a boolean. nullopt where it was not measured: it is null, or not there.
std::optional<double> metrics_value(const nlohmann::json& line, const std::string& field);

}  // namespace binade::host
