// A process that writes checkpoints one after the other and acknowledges each one once it is durable.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <stdexcept>

#include "host/storage/checkpoint.h"
#include "tests/storage/sample_checkpoint.h"

namespace binade::host {

class WritingProcess {
 public:
  WritingProcess(const std::filesystem::path& folder, std::uint64_t first, std::size_t numbers, std::uint64_t keep) {
    int pipe_ends[2];
    if (pipe(pipe_ends) != 0) throw std::runtime_error("no pipe");
    process_ = fork();
    if (process_ == 0) write_for_ever(CheckpointFolder(folder, keep, false), first, numbers, pipe_ends[1]);
    close(pipe_ends[1]);
    acknowledgements_ = pipe_ends[0];
  }
  ~WritingProcess() { close(acknowledgements_); }
  WritingProcess(const WritingProcess&) = delete;
  WritingProcess& operator=(const WritingProcess&) = delete;

  // Waits for that many acknowledgements, or the writer's end.
  void wait_for(std::uint64_t count) {
    for (; count > 0 && read_one(); --count) continue;
  }
  void kill() const { ::kill(process_, SIGKILL); }
  // Waits for its end, and for all that it acknowledged before. Its status, as of waitpid(): it exits with 0 when it
  // can write no more, and says why.
  int end() {
    int status = 0;
    if (waitpid(process_, &status, 0) != process_) throw std::runtime_error("the writer is gone");
    while (read_one()) continue;
    return status;
  }
  // The last step that was acknowledged.
  std::optional<std::uint64_t> last() const { return last_; }

 private:
  [[noreturn]] static void write_for_ever(CheckpointFolder folder, std::uint64_t step, std::size_t numbers,
                                          int acknowledgements) {
    try {
      for (;; ++step) {
        folder.write(SampleCheckpoint(step, numbers).content());
        if (write(acknowledgements, &step, sizeof(step)) != sizeof(step)) _exit(1);
      }
    } catch (const std::exception& error) {
      std::fprintf(stderr, "the writer: %s\n", error.what());
      _exit(0);
    }
  }

  bool read_one() {
    std::uint64_t step = 0;
    if (read(acknowledgements_, &step, sizeof(step)) != sizeof(step)) return false;
    last_ = step;
    return true;
  }

  pid_t process_;
  int acknowledgements_;
  std::optional<std::uint64_t> last_;
};

}  // namespace binade::host
