// One value, checked against the option that it is for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/experiment/schema/option.h"
#include "host/experiment/toml/document.h"

namespace binade::host {

// One value, of which `name` is what messages call it. nullopt after a mistake.
std::optional<std::vector<Scalar>> check_value(const Node& value, const std::string& name, const OptionSpec& spec,
                                               Diagnostics& diagnostics);

// Range, choices and form of a scalar that has the right type already. False after a mistake.
bool check_limits(const Scalar& value, const std::string& name, const OptionSpec& spec, const Location& where,
                  Diagnostics& diagnostics);

// "an integer", "an array of strings"
std::string wanted(const OptionSpec& spec);

}  // namespace binade::host
