// Descriptors 0, 1 and 2 are what everybody takes them for.
#pragma once

namespace binade::host {

// Opens /dev/null as each of the descriptors 0, 1 and 2 that is closed, so that no file which is opened later gets its
// number, and with it what is printed. The first call of main().
void open_standard_descriptors() noexcept;

// Whether standard output was closed when the process started: what is printed reaches nobody.
bool standard_output_was_closed() noexcept;

}  // namespace binade::host
