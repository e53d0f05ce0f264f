// Refuses texts that the TOML parser must not see: a lexer that knows strings, comments and brackets.
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

// Finds the first place at which toml++ 3.3.0 would crash or accept invalid text: a text that is too large, bytes that
// are not UTF-8, characters beyond ASCII outside of strings and comments, keys with too many parts, values nested too
// deeply, mismatched brackets. Leaves other mistakes to the parser.
std::optional<SyntaxError> prescan(std::string_view text);

}  // namespace binade::host
