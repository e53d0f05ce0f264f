// Another program, run to its end.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

namespace binade::host {

struct ChildEnd {
  int exit_code = 0;      // 128 + n: ended by signal n
  double seconds = 0;     // from start to end
  double peak_bytes = 0;  // most memory that it had at once, as the kernel counts (ru_maxrss)
};

// Runs `command`, whose first word is the program's path. Its input is empty, its output and errors go to the file.
// When `stop_signal` becomes non-zero the child gets SIGTERM, once, and is waited for all the same; it does not outlive
// this process. Throws std::system_error when it cannot be started.
ChildEnd run_child(const std::vector<std::string>& command, const std::filesystem::path& output,
                   const std::atomic<int>& stop_signal);

}  // namespace binade::host
