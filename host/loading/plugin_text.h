// Text that plugins pass.
#pragma once

#include <string_view>

#include "binade/abi/plugin.h"

namespace binade::host {

// Empty without data, whatever the size says.
inline std::string_view view(binade_string text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}

}  // namespace binade::host
