#include "host/storage/state_json.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace binade::host {
namespace {

using Json = nlohmann::json;

[[noreturn]] void refuse(const Json& json, const char* wanted) {
  constexpr int wrong_type = 302;  // as in the library's own conversions
  throw Json::type_error::create(wrong_type, std::string("a value is not ") + wanted, &json);
}

}  // namespace

Json parse_state(const std::string& text) {
  auto state = Json::parse(text);
  const auto version = to_unsigned(state.at("version"));
  if (version == state_version) return state;
  throw std::runtime_error("its state.json has version " + std::to_string(version) +
                           ", but this Binade reads version " + std::to_string(state_version));
}

Json to_json(double number) {
  if (std::isfinite(number)) return number;
  return std::isnan(number) ? "nan" : number > 0 ? "inf" : "-inf";
}

double to_double(const Json& json) {
  if (json.is_number()) return json.get<double>();
  constexpr auto infinity = std::numeric_limits<double>::infinity();
  if (json == "inf") return infinity;
  if (json == "-inf") return -infinity;
  if (json == "nan") return std::numeric_limits<double>::quiet_NaN();
  refuse(json, "a number");
}

std::uint64_t to_unsigned(const Json& json) {
  if (!json.is_number_unsigned()) refuse(json, "a non-negative integer");
  return json.get<std::uint64_t>();
}

std::uint64_t to_unsigned_below(std::uint64_t end, const Json& json) {
  const auto number = to_unsigned(json);
  if (number >= end) refuse(json, "one of the known numbers");
  return number;
}

}  // namespace binade::host
