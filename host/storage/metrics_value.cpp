#include "host/storage/metrics_value.h"

#include <nlohmann/json.hpp>

#include "host/storage/state_json.h"

namespace binade::host {
namespace {

using Json = nlohmann::json;

const Json* find(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

}  // namespace

std::optional<double> metrics_value(const Json& line, const std::string& field) {
  const std::string scalars = "scalars.";
  const auto* value = find(line, field);
  if (value == nullptr && field.starts_with(scalars) && line.contains("scalars")) {
    value = find(line["scalars"], field.substr(scalars.size()));
  }
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>() ? 1 : 0;
  if (value->is_number()) return value->get<double>();
  if (!value->is_null()) return std::nullopt;
  const auto* nonfinite = find(line, "nonfinite");
  const auto* which = nonfinite == nullptr ? nullptr : find(*nonfinite, field);
  return which == nullptr ? std::nullopt : std::optional(to_double(*which));
}

}  // namespace binade::host
