#include "host/cli/program.h"

#include <csignal>

#include "host/cli/failure_exit.h"
#include "host/cli/last_resort.h"
#include "host/cli/signals.h"
#include "host/cli/standard_descriptors.h"

namespace binade::host {

int run_program(const std::function<int()>& body) {
  open_standard_descriptors();
  hold_stop_signals();
  std::signal(SIGXFSZ, SIG_IGN);  // exceeding `ulimit -f` becomes an error with a message
  speak_as_a_last_resort();
  try {
    return leave(body());
  } catch (...) {
    return leave(exit_code_of_failure(ColorMode::automatic));
  }
}

}  // namespace binade::host
