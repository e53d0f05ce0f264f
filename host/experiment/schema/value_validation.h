// Checks a value against the specification of its option.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/experiment/schema/option.h"
#include "host/experiment/toml/document.h"

namespace binade::host {

// Checks a value, which messages call `name`. Returns nullopt after a mistake.
std::optional<std::vector<Scalar>> check_value(const Node& value, const std::string& name, const OptionSpec& spec,
                                               Diagnostics& diagnostics);

// Checks range, choices and form of a scalar of the right type. Returns false after a mistake.
bool check_limits(const Scalar& value, const std::string& name, const OptionSpec& spec, const Location& where,
                  Diagnostics& diagnostics);

// "an integer", "an array of strings"
std::string wanted(const OptionSpec& spec);

}  // namespace binade::host
