// Reads a whole file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace binade::host {

// Throws std::runtime_error that names the file if it cannot be read, is not a regular file, or is larger than `limit`
// bytes.
std::string read_file(const std::filesystem::path& path, std::uint64_t limit = ~std::uint64_t{0});

}  // namespace binade::host
