// What every program of Binade sets up in main(), and how it ends.
#pragma once

#include <functional>

namespace binade::host {

// Runs `body` with standard descriptors open, stop signals held until a verb takes them, and a message for every way to
// end. Returns the exit code. Must be called once, first in main().
int run_program(const std::function<int()>& body);

}  // namespace binade::host
