// Ctrl-C, SIGTERM and SIGHUP: a request that the step in progress be the last one. SIGUSR1: one for a checkpoint.
#pragma once

#include <atomic>

namespace binade::host {

// Whether a verb ends by itself when it is asked to stop, or the signal ends the process as it would any other.
enum class Stopping { by_the_system, by_the_verb };

// From now on a stop signal waits until take_stop_signals() says what becomes of it. The first thing in main(): what
// comes while the program starts is not lost.
void hold_stop_signals() noexcept;
void take_stop_signals(Stopping stopping) noexcept;

// After take_stop_signals(by_the_verb): 0 until SIGINT, SIGTERM or SIGHUP came, then the number of the newest. SIGHUP
// is not listened to where it was ignored when the process started (nohup). A second SIGINT ends the process at once,
// after part().
const std::atomic<int>& stop_signal() noexcept;
// How many came: who waits for something at the end stops waiting when it changes.
const std::atomic<unsigned>& stop_signals() noexcept;

// Whether the one who sent it will start the same command again: a scheduler, or a connection that broke.
bool asks_for_another_turn(int signal) noexcept;

// Before the work began, of a run that a signal stops: the exit code of a command that is as good as not started.
int exit_code_before_the_work(int signal) noexcept;

// From now on SIGUSR1 sets the returned flag: a checkpoint is wanted, and training goes on.
std::atomic<bool>& catch_checkpoint_signal();

}  // namespace binade::host
