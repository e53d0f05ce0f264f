// What the process says at its end. 128 + n: ended by signal n (129 SIGHUP, 130 SIGINT, 143 SIGTERM).
#pragma once

namespace binade::host {

constexpr int exit_ok = 0;
constexpr int exit_run_failed = 1;
constexpr int exit_usage = 2;  // the command line or the experiment file
constexpr int exit_plugin_refused = 3;
constexpr int exit_bad_data = 4;
constexpr int exit_internal = 70;
// By SIGTERM or SIGHUP, and the same command continues where it stopped: with a durable checkpoint, or before it had
// done anything that could be lost. To be queued again.
constexpr int exit_preempted = 75;

}  // namespace binade::host
