#include "host/loading/private_libraries.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "host/loading/elf_dynamic.h"
#include "host/loading/mapped_file.h"
#include "host/loading/refused.h"

namespace binade::host {
namespace {

using Path = std::filesystem::path;

bool is_inside(const Path& path, const Path& folder) {
  const auto relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

class Walk {
 public:
  Walk(const Path& plugin, const Path& home) : plugin_(plugin), folder_(plugin.parent_path()), home_(home) {
    visit(plugin);
    std::ranges::sort(found_.own);
    std::ranges::sort(found_.needed);
  }
  LinkedLibraries found() const { return found_; }

 private:
  void visit(const Path& file) {
    const MappedFile mapped(file);
    const auto name = file.string();
    const auto dynamic = read_elf_dynamic(ElfFile(mapped.bytes(), name));
    for (const auto& needed : dynamic.needed) {
      if (needed.find('/') != std::string::npos) refuse(file, fmt::format("it links `{}` by a path", needed));
      if (std::ranges::find(found_.needed, needed) == found_.needed.end()) found_.needed.push_back(needed);
      for (const auto& folder : dynamic.runpath) {
        if (look(file, folder, needed)) break;
      }
    }
  }

  // Whether the dynamic linker would find it there.
  bool look(const Path& file, const std::string& folder, const std::string& needed) {
    const auto place = (searched(file, folder) / needed).lexically_normal();
    std::error_code error;
    if (!std::filesystem::exists(place, error)) return false;
    if (folder.empty()) refuse(file, fmt::format("it finds `{}` in the current folder", needed));
    const auto real = std::filesystem::canonical(place, error);
    if (error || !is_inside(place, folder_) || !is_inside(real, std::filesystem::canonical(folder_))) return true;
    const auto relative = place.lexically_relative(folder_).string();
    if (std::ranges::find(found_.own, relative) != found_.own.end()) return true;
    found_.own.push_back(relative);
    visit(place);
    return true;
  }

  Path searched(const Path& file, const std::string& folder) const {
    for (const std::string_view origin : {"$ORIGIN", "${ORIGIN}"}) {
      if (folder.starts_with(origin)) return file.parent_path().string() + folder.substr(origin.size());
    }
    // CMake leaves an empty entry behind the others, which means the current folder.
    if (folder.empty()) return std::filesystem::current_path();
    Path absolute(folder);
    if (absolute.is_relative() || is_inside(absolute.lexically_normal(), home_)) {
      refuse(file,
             fmt::format("it looks for libraries in `{}`, which stays where it is when the plugin is copied", folder));
    }
    return absolute;
  }

  [[noreturn]] void refuse(const Path& file, const std::string& why) const {
    throw PluginRefused(
        "E0313",
        fmt::format("`{}` cannot be locked: {}\n{}link with -Wl,-rpath,'$ORIGIN' and by the name "
                    "of the library",
                    plugin_.string(), why, file == plugin_ ? "" : fmt::format("so does `{}`\n", file.string())));
  }

  const Path& plugin_;
  Path folder_;
  const Path& home_;
  LinkedLibraries found_;
};

}  // namespace

LinkedLibraries private_libraries(const Path& plugin, const Path& home) { return Walk(plugin, home).found(); }

}  // namespace binade::host
