#include "host/cli/last_resort.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <new>
#include <string_view>
#include <system_error>

#include "host/cli/exit_codes.h"
#include "host/cli/parting.h"

namespace binade::host {
namespace {

std::atomic<pid_t> program{0};      // not a forked child that tries a plugin: its parent reports how it ends
std::atomic<bool> returned{false};  // from main()

void say(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto written = write(STDERR_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void say_number(std::uint64_t number) noexcept {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  say({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

// The C library aborts when it has no memory for something essential.
void explain_abort(int signal) noexcept {
  if (memory_is_used_up()) end_without_memory();
  std::signal(signal, SIG_DFL);
  std::raise(signal);  // delivered when this handler returns
}

void say_limit() noexcept {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  say(": this process may have ");
  say_number(limit.rlim_cur >> 20U);
  say(" MiB of addresses (ulimit -v), of which LibTorch's libraries take about 500");
}

[[noreturn]] void end_without_threads() noexcept {
  say("\nerror: a thread cannot be started: the memory (ulimit -v) or the number of processes (ulimit -u) is "
      "limited\n");
  part_after_a_crash();
  _exit(exit_run_failed);
}

void explain(const std::exception& error) noexcept {
  say("\nerror: a bug in Binade or in a library, please report it: uncaught exception: ");
  say(error.what());
  say("\n");
}

[[noreturn]] void explain_exception() noexcept {
  if (program.load() != getpid()) std::abort();
  try {
    if (const auto exception = std::current_exception()) std::rethrow_exception(exception);
    say("\nerror: a bug in Binade or in a library, please report it: std::terminate() was called\n");
  } catch (const std::bad_alloc&) {
    end_without_memory();
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::resource_unavailable_try_again) end_without_threads();
    explain(error);
  } catch (const std::exception& error) {
    explain(error);
  } catch (...) {
    say("\nerror: a bug in Binade or in a library, please report it: uncaught exception that is not a "
        "std::exception\n");
  }
  part_after_a_crash();
  _exit(exit_internal);
}

void explain_exit(int code, void*) noexcept {
  if (program.load() != getpid() || returned.load()) return;
  say("\nerror: a library ended the process with exit code ");
  say_number(static_cast<std::uint64_t>(code));
  say("; its own message is above. OpenMP does so where its threads cannot be started: fewer are needed "
      "with `--set train.threads=1`; otherwise more memory (ulimit -v) or more processes (ulimit -u)\n");
  part_after_a_crash();
  _exit(exit_run_failed);
}

}  // namespace

void speak_as_a_last_resort() noexcept {
  std::set_terminate(explain_exception);
  std::signal(SIGABRT, explain_abort);
  program.store(getpid());
  on_exit(explain_exit, nullptr);
}

void speak_before_libraries_exit() noexcept { on_exit(explain_exit, nullptr); }

int leave(int exit_code) noexcept {
  returned.store(true);
  return exit_code;
}

bool memory_is_used_up() noexcept {
  constexpr std::uint64_t next_to_nothing = std::uint64_t{16} << 20U;  // a thread's stack takes 8 MiB
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return false;
  const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);  // NOLINT(cppcoreguidelines-pro-type-vararg)
  std::array<char, 64> text{};
  const auto bytes = file < 0 ? 0 : read(file, text.data(), text.size());
  if (file >= 0) close(file);
  std::uint64_t pages = 0;
  if (bytes <= 0 || std::from_chars(text.data(), text.data() + bytes, pages).ec != std::errc{}) return false;
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) + next_to_nothing > limit.rlim_cur;
}

void end_without_memory() noexcept {
  say("\nerror: out of memory");
  say_limit();
  say("; a smaller batch_size or model needs less\n");
  part_after_a_crash();
  _exit(exit_run_failed);
}

}  // namespace binade::host
