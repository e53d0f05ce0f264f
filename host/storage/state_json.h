// Reads the values in a checkpoint's state.json.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace binade::host {

// The version of state.json, which changes when the meaning of its contents changes.
constexpr std::uint64_t state_version = 1;

// Throws nlohmann::json::exception if the text is not a JSON object with a version, std::runtime_error for another
// version.
nlohmann::json parse_state(const std::string& text);

// Writes NaN and infinity as strings, because JSON does not have them.
nlohmann::json to_json(double number);

// These do not convert types: they throw nlohmann::json::exception if the value is not a number, not a non-negative
// integer, ...
double to_double(const nlohmann::json& json);
std::uint64_t to_unsigned(const nlohmann::json& json);
// ... or not less than `end`.
std::uint64_t to_unsigned_below(std::uint64_t end, const nlohmann::json& json);

}  // namespace binade::host
