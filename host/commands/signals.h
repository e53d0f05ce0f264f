// Ctrl-C and SIGTERM: a request that the step in progress be the last one. SIGUSR1: one for a checkpoint.
#pragma once

#include <atomic>

namespace binade::host {

// From now on SIGINT and SIGTERM set the returned flag to their number. A second SIGINT ends the process at once.
const std::atomic<int>& catch_stop_signals();

// From now on SIGUSR1 sets the returned flag: a checkpoint is wanted, and training goes on.
std::atomic<bool>& catch_checkpoint_signal();

}  // namespace binade::host
