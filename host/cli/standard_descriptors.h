// Makes sure that descriptors 0, 1 and 2 are open.
#pragma once

namespace binade::host {

// Opens /dev/null as each of the descriptors 0, 1 and 2 that is closed. Otherwise a file opened later would get that
// number and receive what is printed. Must be the first call of main().
void open_standard_descriptors() noexcept;

// Whether standard output was closed when the process started.
bool standard_output_was_closed() noexcept;

}  // namespace binade::host
