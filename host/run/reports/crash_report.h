// The report of a run that a crash ends: which plugin, in which call, at which step.
#pragma once

#include <atomic>
#include <csignal>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "host/run/reports/plugin_summary.h"

namespace binade::host {

// While it lives, SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT on any thread, and uncaught exceptions, end the process
// with a report on standard error, and in a file that also lists the addresses on the thread's stack. The exit status
// stays the signal's. The report names the plugin whose call the thread is in, else the plugin whose code is on the
// thread's stack, else all calls that are under way. One at a time in a process.
class CrashReport {
 public:
  // `advice`: lines that say what to do. `file`: created by a crash only; empty: none. `steps`: done so far, nullptr
  // before training; must outlive this.
  CrashReport(std::vector<PluginSummary> summaries, const std::string& advice, const std::filesystem::path& file = {},
              const std::atomic<std::uint64_t>* steps = nullptr);
  ~CrashReport();
  CrashReport(const CrashReport&) = delete;
  CrashReport& operator=(const CrashReport&) = delete;

 private:
  struct Suspect {
    PluginSummary summary;
    std::vector<std::pair<std::uintptr_t, std::uintptr_t>> code;  // addresses: first, one past the last
  };

  class Writer;
  struct Stack;

  static void handle(int signal, siginfo_t* info, void* context);
  [[noreturn]] static void explain_exception();
  void report(int signal, const siginfo_t& info, const void* context) const noexcept;
  void tell_signal(Writer& out, int signal, const siginfo_t& info) const noexcept;
  void tell_place(Writer& out, std::uintptr_t at, Stack& stack) const noexcept;

  std::vector<Suspect> suspects_;
  std::string advice_, file_, shown_file_;
  const std::atomic<std::uint64_t>* steps_;
  std::terminate_handler terminate_before_;
};

}  // namespace binade::host
