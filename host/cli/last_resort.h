// What is said where nothing else can speak: an exception that nobody catches, memory that is used up, a library that
// calls exit().
#pragma once

namespace binade::host {

// From now on these end the process with a sentence on standard error, with what part_after_a_crash() does, and with
// one of the program's own exit codes. Not in children that are forked.
void speak_as_a_last_resort() noexcept;

// Once libraries were loaded: what they do at an exit() comes after this from now on, and so not at all.
void speak_before_libraries_exit() noexcept;

// main() returns through this: an exit() before it is a library's.
int leave(int exit_code) noexcept;

// Whether a limit of this process's memory (ulimit -v) leaves it next to nothing. Signal handlers, too.
bool memory_is_used_up() noexcept;

// Says so, parts as after a crash, and ends the process. Needs no memory.
[[noreturn]] void end_without_memory() noexcept;

}  // namespace binade::host
