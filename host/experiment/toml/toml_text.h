// Writes values as TOML text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/experiment/schema/option.h"

namespace binade::host {

// Returns a basic string: quoted and escaped.
std::string toml_string(std::string_view text);
// Returns a key: bare, or quoted if necessary.
std::string toml_key(std::string_view key);
// Returns the shortest text that parses to the same number, always with a dot or an exponent.
std::string toml_number(double value);
std::string toml_scalar(const Scalar& value);
std::string toml_array(const std::vector<Scalar>& values);

}  // namespace binade::host
