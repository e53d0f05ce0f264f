// What the process says at its end. 128 + n: ended by signal n (130 SIGINT, 143 SIGTERM).
#pragma once

namespace binade::host {

constexpr int exit_ok = 0;
constexpr int exit_run_failed = 1;
constexpr int exit_usage = 2;  // the command line or the experiment file
constexpr int exit_plugin_refused = 3;
constexpr int exit_bad_data = 4;
constexpr int exit_internal = 70;
constexpr int exit_preempted = 75;  // by SIGTERM, with a durable checkpoint: to be queued again

}  // namespace binade::host
