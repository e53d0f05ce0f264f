// Ctrl-C and SIGTERM: a request that the step in progress be the last one.
#pragma once

#include <atomic>

namespace binade::host {

// From now on SIGINT and SIGTERM set the returned flag to their number. A second SIGINT ends the process at once.
const std::atomic<int>& catch_stop_signals();

}  // namespace binade::host
