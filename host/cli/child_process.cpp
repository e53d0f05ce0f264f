#include "host/cli/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <system_error>

#include "host/cli/signals.h"

namespace binade::host {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

int open_file(const char* path, int flags) {
  constexpr mode_t mode = 0666;
  const int file = open(path, flags | O_CLOEXEC, mode);  // NOLINT(cppcoreguidelines-pro-type-vararg): POSIX's
  if (file < 0) fail(std::string("cannot open ") + path);
  return file;
}

// Runs in the child between fork and exec, where only async-signal-safe calls are allowed.
[[noreturn]] void become(char* const* arguments, int in, int out, pid_t parent) {
  constexpr int not_started = 127;
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // NOLINT(cppcoreguidelines-pro-type-vararg): Linux's
  if (getppid() == parent && dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(out, 2) == 2) execv(arguments[0], arguments);
  _exit(not_started);
}

pid_t start(const std::vector<std::string>& command, const std::filesystem::path& output) {
  auto words = command;
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const int in = open_file("/dev/null", O_RDONLY);
  const int out = open_file(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC);
  const pid_t parent = getpid();
  // Between fork and exec, this process's handler would take the child's signal, and exec would forget it.
  const HeldSignals held;
  const pid_t child = fork();
  if (child == 0) become(arguments.data(), in, out, parent);
  close(in);
  close(out);
  if (child < 0) fail("cannot start " + command.front());
  return child;
}

}  // namespace

ChildEnd run_child(const std::vector<std::string>& command, const std::filesystem::path& output,
                   const std::atomic<int>& stop_signal) {
  const auto begin = std::chrono::steady_clock::now();
  const pid_t child = start(command, output);
  bool told = false;
  int status = 0;
  rusage usage{};
  while (wait4(child, &status, WNOHANG, &usage) != child) {
    if (!told && stop_signal.load(std::memory_order_relaxed) != 0) {
      kill(child, SIGTERM);
      told = true;
    }
    constexpr int milliseconds = 20;
    poll(nullptr, 0, milliseconds);
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  constexpr double kib = 1024;  // the unit of ru_maxrss
  return {WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), elapsed.count(),
          static_cast<double>(usage.ru_maxrss) * kib};
}

std::string last_words(const std::filesystem::path& output) {
  constexpr std::size_t most = 12;
  std::vector<std::string> lines;
  std::ifstream file(output);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("error")) lines.clear();
    lines.push_back("  | " + line);
  }
  if (lines.size() > most) lines.erase(lines.begin(), lines.end() - most);
  std::string text;
  for (const auto& line : lines) text += "\n" + line;
  return text;
}

}  // namespace binade::host
