// A file's bytes, all at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace binade::host {

// Throws std::runtime_error naming the file when it cannot be read, is no regular file, or has more than `limit` bytes.
std::string read_file(const std::filesystem::path& path, std::uint64_t limit = ~std::uint64_t{0});

}  // namespace binade::host
