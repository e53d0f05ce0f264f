// Reads environment variables.
#pragma once

#include <cstdlib>
#include <string>

namespace binade::host {

// Returns an empty string if the variable is not set.
inline std::string environment_variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace binade::host
