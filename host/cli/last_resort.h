// Messages for ends that no other code can report: an uncaught exception, exhausted memory, a library that calls
// exit().
#pragma once

namespace binade::host {

// Installs handlers for these ends. Each prints a sentence on standard error, cleans up as part_after_a_crash() does,
// and ends the process with one of its own exit codes. Forked children are not affected.
void speak_as_a_last_resort() noexcept;

// Must be called after libraries were loaded. Keeps their exit handlers from running when a library calls exit().
void speak_before_libraries_exit() noexcept;

// main() must return through this function: an exit() before it counts as a library's.
int leave(int exit_code) noexcept;

// Whether the memory limit of this process (ulimit -v) is almost reached. Signal handlers may call it.
bool memory_is_used_up() noexcept;

// Reports it, cleans up as after a crash, and ends the process. Allocates nothing.
[[noreturn]] void end_without_memory() noexcept;

}  // namespace binade::host
