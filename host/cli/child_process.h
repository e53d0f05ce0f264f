// Runs another program to its end.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

namespace binade::host {

struct ChildEnd {
  int exit_code = 0;      // 128 + n when signal n ended it
  double seconds = 0;     // from start to end
  double peak_bytes = 0;  // peak resident memory as the kernel counts it (ru_maxrss)
};

// Runs `command`, whose first word is the program's path. Its input is empty; its output and errors go to the file. It
// starts with the stopping signals blocked, so that they wait until it takes them, as `binade` does.
// Sends SIGTERM to the child once when `stop_signal` becomes non-zero, and still waits for it. The child is killed when
// this process ends. Throws std::system_error when the child cannot be started.
ChildEnd run_child(const std::vector<std::string>& command, const std::filesystem::path& output,
                   const std::atomic<int>& stop_signal);

// The last lines of that output, from its error message on if there is one, each on a new line after "  | ".
std::string last_words(const std::filesystem::path& output);

}  // namespace binade::host
