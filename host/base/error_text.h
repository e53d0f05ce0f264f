// What an exception says to a person.
#pragma once

#include <exception>
#include <string>

namespace binade::host {

// A whole sentence's middle: "cannot create the folder /x: Permission denied", "a thread cannot be started: ...". The
// standard library's and the JSON library's own forms ("filesystem error: ...", "[json.exception.parse_error.101] ...",
// "std::bad_alloc") never stand in it; what any other exception says is left as it is.
std::string error_text(const std::exception& error);

}  // namespace binade::host
