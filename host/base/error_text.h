// Formats exceptions for users.
#pragma once

#include <exception>
#include <string>

namespace binade::host {

// Returns a message such as "cannot create the folder /x: Permission denied" or "a thread cannot be started: ...".
// Rewrites the formats of the standard library and the JSON library ("filesystem error: ...",
// "[json.exception.parse_error.101] ...", "std::bad_alloc"); other exceptions' messages are returned unchanged.
std::string error_text(const std::exception& error);

}  // namespace binade::host
