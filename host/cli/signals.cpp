#include "host/cli/signals.h"

#include <unistd.h>

#include <array>
#include <csignal>

#include "host/cli/exit_codes.h"
#include "host/cli/parting.h"

namespace binade::host {
namespace {

constexpr std::array stopping_signals{SIGINT, SIGTERM, SIGHUP};

// Signal handlers can reach only globals.
std::atomic<int> newest_stop_signal{0};
std::atomic<unsigned> stop_signals_so_far{0};
std::atomic<bool> interrupted{false};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may touch only lock-free atomics");

std::atomic<bool> checkpoint_asked{false};

void ask_for_checkpoint(int) { checkpoint_asked.store(true, std::memory_order_relaxed); }

void end_by_interrupt(int) {
  std::signal(SIGINT, SIG_DFL);
  std::raise(SIGINT);
}

void end_at_once() {
  constexpr unsigned seconds = 2;  // for a disk that hangs
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGALRM, end_by_interrupt);
  alarm(seconds);
  part();
  end_by_interrupt(SIGINT);
}

void remember(int signal) {
  if (signal == SIGINT && interrupted.exchange(true)) end_at_once();
  newest_stop_signal.store(signal, std::memory_order_relaxed);
  stop_signals_so_far.fetch_add(1, std::memory_order_relaxed);
}

bool is_ignored(int signal) {
  struct sigaction now {};
  return sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

void catch_signal(int signal, void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = flags;
  sigaction(signal, &action, nullptr);
}

void mask(int how, sigset_t* before = nullptr) noexcept {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : stopping_signals) sigaddset(&set, signal);
  pthread_sigmask(how, &set, before);
}

}  // namespace

HeldSignals::HeldSignals() noexcept : before_() { mask(SIG_BLOCK, &before_); }

HeldSignals::~HeldSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

void hold_stop_signals() noexcept { mask(SIG_BLOCK); }

void take_stop_signals(Stopping stopping) noexcept {
  if (stopping == Stopping::by_the_verb) {
    catch_signal(SIGINT, remember, SA_RESTART | SA_NODEFER);
    catch_signal(SIGTERM, remember, SA_RESTART);  // may arrive many times
    if (!is_ignored(SIGHUP)) catch_signal(SIGHUP, remember, SA_RESTART);
    std::signal(SIGPIPE, SIG_IGN);  // a closed pipe must not end a run
  }
  mask(SIG_UNBLOCK);
}

const std::atomic<int>& stop_signal() noexcept { return newest_stop_signal; }
const std::atomic<unsigned>& stop_signals() noexcept { return stop_signals_so_far; }

bool asks_for_another_turn(int signal) noexcept { return signal == SIGTERM || signal == SIGHUP; }

int exit_code_before_the_work(int signal) noexcept {
  constexpr int first_signal = 128;
  return asks_for_another_turn(signal) ? exit_preempted : first_signal + signal;
}

std::atomic<bool>& catch_checkpoint_signal() {
  catch_signal(SIGUSR1, ask_for_checkpoint, SA_RESTART);
  return checkpoint_asked;
}

}  // namespace binade::host
