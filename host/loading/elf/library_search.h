// Where the dynamic linker looks for libraries, and who may put one there.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace binade::host {

// The file that the dynamic linker would take for `name` in `folder`: in the subfolders for this kind of CPU, or in it.
std::optional<std::filesystem::path> library_in(const std::filesystem::path& folder, const std::string& name);

// Whether only the administrator may put anything there: a folder of the system (/lib, /usr, /opt), which belongs to
// root with all above it, and in which nobody else may write.
bool is_of_the_system(const std::filesystem::path& folder);

// The folder where somebody beside this user and root may put what the dynamic linker would find: `folder`, one above
// it, or, where it is not there, the one in which it could be made. Empty where nobody may.
std::filesystem::path open_to_others(const std::filesystem::path& folder);

// Of LibTorch, which comes with the engine and is known by its identity.
bool is_of_the_engine(std::string_view name);

// Whether the process has a library of this name from the system, so that the dynamic linker looks for no other; or
// will have it from the engine before any plugin is loaded.
bool is_in_the_process(const std::string& name);

}  // namespace binade::host
