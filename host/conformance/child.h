// Plugin code in a process of its own, so that it may crash and hang.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace binade::host {

// Runs `body` in a child; what it throws, the signal that ends it, or that it did not end in time, is the answer, and
// nothing where all went well. Its standard output and errors are dropped. This process has one thread.
std::string run_in_child(const std::function<void()>& body, std::chrono::milliseconds limit);

}  // namespace binade::host
