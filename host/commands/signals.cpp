#include "host/commands/signals.h"

#include <csignal>

namespace binade::host {
namespace {

// A signal handler reaches nothing but a global.
std::atomic<int> stop_signal{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may touch only lock-free atomics");

std::atomic<bool> checkpoint_asked{false};

void ask_for_checkpoint(int) { checkpoint_asked.store(true, std::memory_order_relaxed); }

void remember(int signal) { stop_signal.store(signal, std::memory_order_relaxed); }

}  // namespace

const std::atomic<int>& catch_stop_signals() {
  if (stop_signal.load(std::memory_order_relaxed) != 0) return stop_signal;  // the next Ctrl-C stays the second one
  struct sigaction action {};
  action.sa_handler = remember;
  sigemptyset(&action.sa_mask);
  action.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);  // the second Ctrl-C is the system's
  sigaction(SIGINT, &action, nullptr);
  action.sa_flags = SA_RESTART;  // SIGTERM may come in storms
  sigaction(SIGTERM, &action, nullptr);
  return stop_signal;
}

std::atomic<bool>& catch_checkpoint_signal() {
  struct sigaction action {};
  action.sa_handler = ask_for_checkpoint;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, nullptr);
  return checkpoint_asked;
}

}  // namespace binade::host
