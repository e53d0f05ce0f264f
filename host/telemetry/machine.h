// What is asked of the machine that a run is on.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace binade::host {

// As the machine calls itself: "node7".
std::string machine_name();

// What this user may still write to the disk on which `folder` lies; nullopt where the system does not say. Any thread.
std::optional<double> free_bytes(const std::filesystem::path& folder) noexcept;

}  // namespace binade::host
