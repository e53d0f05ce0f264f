// What a run takes away with it, however it ends: by itself, by an error, by the watchdog, by a second Ctrl-C, by a
// crash, by a library that ends the process.
#pragma once

#include <filesystem>

namespace binade::host {

// Removes all that a Parting was told of. Any thread, and signal handlers: it uses system calls alone, and memory that
// is there already. Other threads may still be writing: a checkpoint that comes into place at this instant stays whole.
void part() noexcept;
// For an end that nobody chose, a crash or a library's exit(): the target file stays. Prometheus finds nobody there,
// and by that somebody hears of it.
void part_after_a_crash() noexcept;

// While it lives, part() knows these. One at a time in a process.
class Parting {
 public:
  Parting() = default;
  ~Parting();  // part(), and forgets them
  Parting(const Parting&) = delete;
  Parting& operator=(const Parting&) = delete;

  // The file by which Prometheus finds the run. Call it before the file is made.
  void remove_target(const std::filesystem::path& file) noexcept;
  // The run's folder: files, and checkpoints below it, that are not in place yet.
  void remove_unfinished(const std::filesystem::path& run) noexcept;
};

}  // namespace binade::host
