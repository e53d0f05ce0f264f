// Ctrl-C, SIGTERM and SIGHUP ask a run to stop after the step in progress. SIGUSR1 asks for a checkpoint.
#pragma once

#include <atomic>
#include <csignal>

namespace binade::host {

// Whether a verb handles stop signals itself, or they end the process as usual.
enum class Stopping { by_the_system, by_the_verb };

// Holds stop signals until take_stop_signals() decides what they do. Must be called first in main(), so that no signal
// is lost while the program starts.
void hold_stop_signals() noexcept;
void take_stop_signals(Stopping stopping) noexcept;

// Blocks stop signals in this thread while it lives. A process that is started meanwhile starts with them blocked.
class HeldSignals {
 public:
  HeldSignals() noexcept;
  ~HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

 private:
  sigset_t before_;
};

// After take_stop_signals(by_the_verb): 0 until SIGINT, SIGTERM or SIGHUP arrives, then the number of the latest.
// SIGHUP stays ignored if it was ignored when the process started (nohup). A second SIGINT calls part() and ends the
// process at once.
const std::atomic<int>& stop_signal() noexcept;
// How many arrived. Code that waits at the end of a run must stop waiting when this changes.
const std::atomic<unsigned>& stop_signals() noexcept;

// Whether the same command is likely to be started again: the signal of a scheduler or of a lost connection.
bool asks_for_another_turn(int signal) noexcept;

// The exit code of a verb that a signal stops before the work began.
int exit_code_before_the_work(int signal) noexcept;

// Makes SIGUSR1 set the returned flag, which asks for a checkpoint. Training continues.
std::atomic<bool>& catch_checkpoint_signal();

}  // namespace binade::host
