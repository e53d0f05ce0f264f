// Reports failed system calls on files.
#pragma once

#include <filesystem>

namespace binade::host {

// Throws std::system_error for errno, with `what` failed: "cannot create /a/b: No space left on device".
[[noreturn]] void throw_file_error(const char* what, const std::filesystem::path& path);

}  // namespace binade::host
