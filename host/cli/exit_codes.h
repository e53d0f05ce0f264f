// Exit codes of the process. 128 + n means that signal n ended it (129 SIGHUP, 130 SIGINT, 143 SIGTERM).
#pragma once

namespace binade::host {

constexpr int exit_ok = 0;
constexpr int exit_run_failed = 1;
constexpr int exit_usage = 2;  // the command line or the experiment file
constexpr int exit_plugin_refused = 3;
constexpr int exit_bad_data = 4;
constexpr int exit_internal = 70;
// Stopped by SIGTERM or SIGHUP with a durable checkpoint, or before there was anything to lose. The same command
// resumes the run, so a scheduler should queue it again.
constexpr int exit_preempted = 75;

}  // namespace binade::host
