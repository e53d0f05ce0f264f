// Whether the loaded LibTorch is the one that this engine was compiled against.
#pragma once

#include <string>

namespace binade::host {

// Compares the GNU build-ids of the mapped libc10 and libtorch_cpu with those that CMake recorded. Empty when equal,
// otherwise a message with both and the file.
std::string libtorch_mismatch();

}  // namespace binade::host
