// Where the dynamic linker looks for libraries, and who can write there.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace binade::host {

// Returns the file that the dynamic linker would load for `name` from `folder` or its subfolders for this kind of CPU.
std::optional<std::filesystem::path> library_in(const std::filesystem::path& folder, const std::string& name);

// Whether only the administrator can write there: a folder of the system (/lib, /usr, /opt) that belongs to root, as do
// all above it, and that nobody else can write.
bool is_of_the_system(const std::filesystem::path& folder);

// Returns a folder in which users other than this one and root could place a library for the dynamic linker: `folder`,
// a folder above it, or, if it does not exist, the one in which it could be created. Empty when there is none.
std::filesystem::path open_to_others(const std::filesystem::path& folder);

// Whether it belongs to LibTorch, which comes with the engine and is identified by its build-ids.
bool is_of_the_engine(std::string_view name);

// Whether the process has loaded a system library of this name, so that the dynamic linker does not search for it, or
// will load it with the engine before any plugin.
bool is_in_the_process(const std::string& name);

}  // namespace binade::host
