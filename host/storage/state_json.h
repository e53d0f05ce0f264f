// state.json of a checkpoint as values: what a run that goes on believes of it.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace binade::host {

// Of state.json; raised when what is written changes its meaning.
constexpr std::uint64_t state_version = 1;

// Throws nlohmann::json::exception when the text is no JSON object with a version, std::runtime_error for another one.
nlohmann::json parse_state(const std::string& text);

// JSON has no NaN and no infinity.
nlohmann::json to_json(double number);

// These convert nothing: they throw nlohmann::json::exception for what is no number, no whole number from 0, ...
double to_double(const nlohmann::json& json);
std::uint64_t to_unsigned(const nlohmann::json& json);
// ... and for a whole number of `end` or more.
std::uint64_t to_unsigned_below(std::uint64_t end, const nlohmann::json& json);

}  // namespace binade::host
