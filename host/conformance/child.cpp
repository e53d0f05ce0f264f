#include "host/conformance/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

namespace binade::host {
namespace {

using Clock = std::chrono::steady_clock;

void write_all(int file, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto written = write(file, text.data() + at, text.size() - at);
    if (written <= 0) return;
    at += static_cast<std::size_t>(written);
  }
}

// Answers "k" on success, or "f" and the failure.
[[noreturn]] void answer(const std::function<void()>& body, int out) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);                                // NOLINT(cppcoreguidelines-pro-type-vararg): Linux's
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC, 0);  // NOLINT(cppcoreguidelines-pro-type-vararg): POSIX's
  for (const int standard : {0, 1, 2}) dup2(nowhere, standard);
  std::string text = "k";
  try {
    body();
  } catch (const std::exception& exception) {
    text = std::string("f") + exception.what();
  } catch (...) {
    text = "fan exception that is not a std::exception left the plugin";
  }
  write_all(out, text);
  _exit(0);  // skips the plugin's exit handlers, which are not part of the check
}

// Reads the child's answer until it ends or the time is over; `late` tells which.
std::string read_until(int in, Clock::time_point end, bool& late) {
  std::string text;
  std::array<char, 4096> part{};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    pollfd ready{in, POLLIN, 0};
    const int count = left <= 0 ? 0 : poll(&ready, 1, static_cast<int>(left));
    if (count < 0 && errno == EINTR) continue;
    late = count == 0;
    if (count <= 0) return text;
    const auto bytes = read(in, part.data(), part.size());
    if (bytes <= 0) return text;
    text.append(part.data(), static_cast<std::size_t>(bytes));
  }
}

}  // namespace

std::string run_in_child(const std::function<void()>& body, std::chrono::milliseconds limit) {
  std::array<int, 2> pipe_ends{};
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  const pid_t child = fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) answer(body, pipe_ends[1]);
  close(pipe_ends[1]);
  bool late = false;
  const auto text = read_until(pipe_ends[0], Clock::now() + limit, late);
  close(pipe_ends[0]);
  if (late) kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  if (late) return fmt::format("it did not end within {:g} s", std::chrono::duration<double>(limit).count());
  if (WIFSIGNALED(status))
    return fmt::format("it died of signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  if (text.empty()) return fmt::format("it ended the process, with code {}", WEXITSTATUS(status));
  return text == "k" ? "" : text.substr(1);
}

}  // namespace binade::host
