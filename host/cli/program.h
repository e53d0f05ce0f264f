// The frame of a program of Binade's: what main() sets up first, and how it ends.
#pragma once

#include <functional>

namespace binade::host {

// Runs `body` with standard descriptors open, stop signals held until a verb takes them, and a sentence for every way
// to end. Returns the exit code. Call it once, from main() and before anything else.
int run_program(const std::function<int()>& body);

}  // namespace binade::host
