// Removes a run's temporary files however it ends: normally, by an error, by the watchdog, by a second Ctrl-C, by a
// crash, or by a library that ends the process.
#pragma once

#include <filesystem>

namespace binade::host {

// Removes everything that the Parting was told of. May be called from any thread and from signal handlers: it uses only
// system calls and allocates nothing. Other threads may still be writing: a checkpoint that is being put into place at
// this moment stays whole.
void part() noexcept;
// For a crash or a library's exit(): keeps the target file, so that Prometheus finds the target down and alerts.
void part_after_a_crash() noexcept;

// What part() removes, while this object lives. A process must not have two at a time.
class Parting {
 public:
  Parting() = default;
  ~Parting();  // calls part() and forgets the paths
  Parting(const Parting&) = delete;
  Parting& operator=(const Parting&) = delete;

  // The file by which Prometheus finds the run. Must be called before the file is created.
  void remove_target(const std::filesystem::path& file) noexcept;
  // The run's folder. Removes its temporary files and unfinished checkpoints.
  void remove_unfinished(const std::filesystem::path& run) noexcept;
};

}  // namespace binade::host
