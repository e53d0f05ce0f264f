// Values as TOML text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/experiment/schema/option.h"

namespace binade::host {

// A basic string: quoted, with everything escaped that needs it.
std::string toml_string(std::string_view text);
// A key as it stands in TOML: bare, or quoted where it must be.
std::string toml_key(std::string_view key);
// The shortest text that reads back as the same number, always with a dot or an exponent.
std::string toml_number(double value);
std::string toml_scalar(const Scalar& value);
std::string toml_array(const std::vector<Scalar>& values);

}  // namespace binade::host
