// Properties of the machine.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace binade::host {

// The machine's host name: "node7".
std::string machine_name();

// Free space for this user on the disk that contains `folder`; nullopt if unknown. Any thread.
std::optional<double> free_bytes(const std::filesystem::path& folder) noexcept;

}  // namespace binade::host
