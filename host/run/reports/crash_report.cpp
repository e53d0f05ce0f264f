// A signal handler may only use what is prepared here and the few functions that POSIX lists as async-signal-safe. The
// unwinder is not among them, so it comes last, and an alarm ends a process whose handler hangs.
#include "host/run/reports/crash_report.h"

#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string_view>

#include "host/cli/last_resort.h"
#include "host/cli/parting.h"
#include "host/cli/terminal.h"
#include "host/loading/plugin_thread.h"

namespace binade::host {
namespace {

constexpr std::array signals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
constexpr std::array<std::string_view, signals.size()> names{
    "SIGSEGV: invalid memory access", "SIGBUS: access to memory that is not backed by a file or device",
    "SIGILL: an instruction that this processor does not support", "SIGFPE: an integer division by zero",
    "SIGABRT: abort() was called or an assertion failed"};
constexpr unsigned seconds_for_a_report = 5;
constexpr int max_frames = 64;

// A signal handler can only reach globals.
std::atomic<const CrashReport*> current{nullptr};
std::array<char, 512> uncaught{};  // what() of an exception that nobody caught

// Where the thread was when the signal came.
std::uintptr_t instruction(const void* context) {
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return static_cast<const ucontext_t*>(context)->uc_mcontext.pc;
#else
  return 0;
#endif
}

using Range = std::pair<std::uintptr_t, std::uintptr_t>;  // of addresses: first, one past the last

// The executable segments of the library that was loaded to where `inside` is. Its file may be gone.
std::vector<Range> code_of(const void* inside) {
  struct Search {
    std::uintptr_t inside;
    std::vector<Range> found;
  } search{reinterpret_cast<std::uintptr_t>(inside), {}};
  const auto visit = [](dl_phdr_info* info, std::size_t, void* data) {
    auto& [wanted, found] = *static_cast<Search*>(data);
    bool here = false;
    for (int i = 0; i < info->dlpi_phnum; ++i) {
      const auto& segment = info->dlpi_phdr[i];
      const auto begin = info->dlpi_addr + segment.p_vaddr, end = begin + segment.p_memsz;
      if (segment.p_type != PT_LOAD) continue;
      here = here || (wanted >= begin && wanted < end);
      if ((segment.p_flags & PF_X) != 0) found.emplace_back(begin, end);
    }
    if (!here) found.clear();
    return here ? 1 : 0;
  };
  dl_iterate_phdr(visit, &search);
  return search.found;
}

// The text of an exception, escaped; a fixed text when there is no memory left for that.
void remember(std::string_view what) noexcept {
  try {
    const auto text = shown_message(what).substr(0, uncaught.size() - 1);
    std::memcpy(uncaught.data(), text.data(), text.size());
  } catch (const std::exception&) {
    constexpr std::string_view nothing = "an exception (no memory is left to show its text)";
    std::memcpy(uncaught.data(), nothing.data(), nothing.size());
  }
}

bool contains(const std::vector<Range>& code, std::uintptr_t address) {
  return std::any_of(code.begin(), code.end(),
                     [&](const auto& range) { return address >= range.first && address < range.second; });
}

}  // namespace

// Writes text to standard error and, if it is open, to the file.
class CrashReport::Writer {
 public:
  explicit Writer(const char* file)
      : file_(*file == '\0' ? -1
                            : open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666)) {}
  ~Writer() {
    if (file_ < 0) return;
    fsync(file_);
    close(file_);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  int file() const { return file_; }

  Writer& operator<<(std::string_view text) {
    write_all(STDERR_FILENO, text);
    if (file_ >= 0) write_all(file_, text);
    return *this;
  }
  Writer& number(std::uint64_t value, int base = 10) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr;
    return *this << std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data()));
  }

 private:
  static void write_all(int file, std::string_view text) {
    while (!text.empty()) {
      const auto written = write(file, text.data(), text.size());
      if (written <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  int file_;
};

// The return addresses of the thread. Read as late as possible, because the unwinder may hang.
struct CrashReport::Stack {
  std::array<void*, max_frames> frames{};
  int depth = 0;

  void take() { depth = backtrace(frames.data(), max_frames); }
  bool goes_through(const std::vector<Range>& code) const {
    return std::any_of(frames.begin(), frames.begin() + depth,
                       [&](void* frame) { return contains(code, reinterpret_cast<std::uintptr_t>(frame)); });
  }
};

CrashReport::CrashReport(std::vector<PluginSummary> summaries, const std::string& advice,
                         const std::filesystem::path& file, const std::atomic<std::uint64_t>* steps)
    : advice_(shown(Lines{advice})), file_(file.string()), shown_file_(shown(file_)), steps_(steps) {
  for (auto& summary : summaries) {
    summary.text = shown(Lines{summary.text});
    auto code = code_of(summary.plugin.address());
    suspects_.push_back({std::move(summary), std::move(code)});
  }
  static thread_local const PluginThread main_thread;  // provides the stack for signal handlers
  std::array<void*, 2> frames{};
  backtrace(frames.data(), static_cast<int>(frames.size()));  // the first call loads libgcc, which a handler must not
  current.store(this);
  struct sigaction action {};
  action.sa_sigaction = handle;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (const int signal : signals) sigaction(signal, &action, nullptr);
  terminate_before_ = std::set_terminate(explain_exception);
}

CrashReport::~CrashReport() {
  std::set_terminate(terminate_before_);
  for (const int signal : signals) std::signal(signal, SIG_DFL);
  current.store(nullptr);
}

void CrashReport::handle(int signal, siginfo_t* info, void* context) {
  std::signal(SIGALRM, SIG_DFL);
  alarm(seconds_for_a_report);
  const auto* const report = current.exchange(nullptr);
  while (report == nullptr) pause();  // another thread reports, and ends the process
  report->report(signal, *info, context);
  if (signal == SIGABRT && memory_is_used_up()) end_without_memory();
  part_after_a_crash();
  std::signal(signal, SIG_DFL);
  raise(signal);  // comes when this handler returns
}

void CrashReport::explain_exception() {
  std::string_view what = "an exception that is not a std::exception";
  try {
    if (const auto exception = std::current_exception()) std::rethrow_exception(exception);
    what = "std::terminate() was called";
  } catch (const std::bad_alloc&) {
    end_without_memory();
  } catch (const std::exception& error) {
    what = error.what();
    remember(what.substr(0, what.find("\nException raised from")));
    std::abort();
  } catch (...) {
  }
  remember(what);
  std::abort();
}

void CrashReport::report(int signal, const siginfo_t& info, const void* context) const noexcept {
  Writer out(file_.c_str());
  Stack stack;
  tell_signal(out, signal, info);
  tell_place(out, instruction(context), stack);
  out << "\n" << advice_;
  if (out.file() < 0) return;
  out << "  this is kept in " << shown_file_ << "\n";
  if (stack.depth == 0) stack.take();
  backtrace_symbols_fd(stack.frames.data(), stack.depth, out.file());
}

void CrashReport::tell_signal(Writer& out, int signal, const siginfo_t& info) const noexcept {
  const auto name =
      names[static_cast<std::size_t>(std::find(signals.begin(), signals.end(), signal) - signals.begin())];
  out << "\nerror: the run crashed ";
  if (steps_ == nullptr) {
    out << "before its first step: " << name;
  } else {
    (out << "in step ").number(steps_->load(std::memory_order_relaxed) + 1) << ": " << name;
  }
  if (signal == SIGSEGV || signal == SIGBUS) {
    out << ", at 0x";
    out.number(reinterpret_cast<std::uintptr_t>(info.si_addr), 16);
  }
  if (uncaught.front() != '\0') out << "\n  uncaught exception: " << uncaught.data();
}

void CrashReport::tell_place(Writer& out, std::uintptr_t at, Stack& stack) const noexcept {
  const int thread = gettid();
  for (const auto& [summary, code] : suspects_) {
    const char* call = summary.plugin.call_times()->call_of(thread);
    if (call == nullptr) continue;
    out << "\n  in " << call << "() of " << summary.text;
    return;
  }
  stack.take();
  const Suspect* found = nullptr;
  for (const auto& suspect : suspects_) {
    if (contains(suspect.code, at) || (found == nullptr && stack.goes_through(suspect.code))) found = &suspect;
  }
  if (found != nullptr) {
    out << "\n  in code of a plugin, but not in a call from the host: " << found->summary.text;
    return;
  }
  out << "\n  not in a plugin's code, as far as can be seen";
  for (const auto& [summary, code] : suspects_) {
    for (const auto& [call, number] : summary.plugin.call_times()->under_way()) {
      if (call != nullptr) out << "\n  meanwhile in " << call << "() of plugin `" << summary.plugin.id() << "`";
    }
  }
}

}  // namespace binade::host
