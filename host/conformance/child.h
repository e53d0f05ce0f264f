// Runs plugin code in a process of its own, where it may crash or hang.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace binade::host {

// Runs `body` in a child process. Returns an empty string on success, else what it threw, which signal ended it, or
// that it did not end in time. Discards its standard output and errors. The calling process must have one thread.
std::string run_in_child(const std::function<void()>& body, std::chrono::milliseconds limit);

}  // namespace binade::host
