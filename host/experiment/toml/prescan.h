// What must be refused before the TOML parser sees a text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace binade::host {

struct SyntaxError {
  std::string message;
  std::uint32_t line, column;  // from 1; column in code points
};

// Finds the first place that toml++ 3.3.0 would not survive or would accept wrongly: too large a text, bytes that are
// no UTF-8, characters beyond ASCII outside strings and comments, keys of too many parts, values
// nested too deeply, mismatched brackets. Other mistakes are left to the parser.
std::optional<SyntaxError> prescan(std::string_view text);

}  // namespace binade::host
