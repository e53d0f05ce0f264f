#include "host/loading/lock/private_libraries.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <system_error>

#include "host/loading/elf/elf_dynamic.h"
#include "host/loading/elf/library_search.h"
#include "host/loading/elf/mapped_file.h"
#include "host/loading/refused.h"

namespace binade::host {
namespace {

using Path = std::filesystem::path;

bool is_inside(const Path& path, const Path& folder) {
  const auto relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

// The default folders of the dynamic linker in Linux distributions.
constexpr std::array default_folders{"/lib/x86_64-linux-gnu",
                                     "/usr/lib/x86_64-linux-gnu",
                                     "/lib/aarch64-linux-gnu",
                                     "/usr/lib/aarch64-linux-gnu",
                                     "/lib64",
                                     "/usr/lib64",
                                     "/lib",
                                     "/usr/lib",
                                     "/usr/local/lib"};

class Walk {
 public:
  Walk(const Path& plugin, const Path& home) : plugin_(plugin), folder_(plugin.parent_path()), home_(home) {
    visit(plugin, nullptr);
    std::ranges::sort(found_.own);
    std::ranges::sort(found_.needed);
  }
  LinkedLibraries found() const { return found_; }

 private:
  // A library and what links it, whose DT_RPATH applies to both.
  struct Object {
    Path path;
    ElfNeeds needs;
    const Object* loader;
  };

  void visit(const Path& file, const Object* loader) {
    const MappedFile mapped(file);
    const auto name = file.string();
    const Object object{file, read_elf_needs(ElfFile(mapped.bytes(), name)), loader};
    for (const auto& needed : object.needs.needed) {
      if (needed.find('/') != std::string::npos) refuse(file, fmt::format("it links `{}` by a path", needed));
      if (std::ranges::find(found_.needed, needed) == found_.needed.end()) found_.needed.push_back(needed);
      search(object, needed);
    }
  }

  // In the order of ld.so(8), except LD_LIBRARY_PATH, which is not the plugin's.
  void search(const Object& object, const std::string& needed) {
    for (const auto& folder : object.needs.runpath) {
      if (look(object, object, folder, needed)) return;
    }
    for (const auto* by = &object; by != nullptr && !object.needs.has_runpath; by = by->loader) {
      for (const auto& folder : by->needs.rpath) {
        if (look(object, *by, folder, needed)) return;
      }
    }
    if (is_in_the_process(needed)) return;
    for (const auto* folder : default_folders) {
      if (const auto place = library_in(folder, needed)) return visit_of_the_system(*place, object);
    }
  }

  // A library of the system may link one that is not.
  void visit_of_the_system(const Path& place, const Object& loader) {
    std::error_code error;
    const auto real = std::filesystem::canonical(place, error);
    if (error || !of_the_system_.insert(real.string()).second) return;
    visit(real, &loader);
  }

  // Whether the dynamic linker would find it there. `by` names the folders.
  bool look(const Object& object, const Object& by, const std::string& folder, const std::string& needed) {
    const auto searched = searched_by(by.path, folder);
    const auto place = (searched / needed).lexically_normal();
    // Ignores subfolders for this kind of CPU: only libraries for all CPUs are copied, and found beside the copy.
    std::error_code error;
    if (is_inside(place, folder_)) return std::filesystem::exists(place, error) && take(object, place);
    const auto found = library_in(searched, needed);
    if (found && is_of_the_system(found->parent_path())) {
      visit_of_the_system(*found, object);
      return true;
    }
    if (is_in_the_process(needed)) return found.has_value();
    if (found) {
      refuse(by.path, folder.empty() ? fmt::format("it finds `{}` in the current folder", needed)
                                     : fmt::format("it loads `{}`, which lies outside of its own folder and of the "
                                                   "system's",
                                                   found->string()));
    }
    if (const auto open = open_to_others(searched); !open.empty()) {
      refuse(by.path, fmt::format("it looks for `{}` in `{}`, and others can write `{}`", needed, searched.string(),
                                  open.string()));
    }
    return false;
  }

  // Its own libraries, and those that they link.
  bool take(const Object& loader, const Path& place) {
    std::error_code error;
    const auto real = std::filesystem::canonical(place, error);
    if (error || !is_inside(real, std::filesystem::canonical(folder_))) {
      refuse(loader.path,
             fmt::format("its library `{}` is a link to `{}`, outside of its folder", place.string(), real.string()));
    }
    const auto relative = place.lexically_relative(folder_).string();
    if (std::ranges::find(found_.own, relative) != found_.own.end()) return true;
    found_.own.push_back(relative);
    visit(place, &loader);
    return true;
  }

  Path searched_by(const Path& file, const std::string& folder) const {
    for (const std::string_view origin : {"$ORIGIN", "${ORIGIN}"}) {
      if (!folder.starts_with(origin)) continue;
      const auto rest = folder.substr(origin.size());
      if (rest.find('$') == std::string::npos) return file.parent_path().string() + rest;
    }
    // CMake leaves an empty last entry, which would mean the current folder.
    if (folder.empty()) return std::filesystem::current_path();
    Path absolute(folder);
    if (absolute.is_relative() || folder.find('$') != std::string::npos ||
        is_inside(absolute.lexically_normal(), home_)) {
      refuse(file, fmt::format("it looks for libraries in `{}`, which is not copied with the plugin", folder));
    }
    return absolute;
  }

  [[noreturn]] void refuse(const Path& file, const std::string& why) const {
    throw PluginRefused(
        "E0313",
        fmt::format("`{}` cannot be locked: {}\n{}put the library beside the plugin and link with "
                    "-Wl,-rpath,'$ORIGIN' and by the name of the library",
                    plugin_.string(), why,
                    file == plugin_ ? "" : fmt::format("this concerns `{}`, which it links\n", file.string())));
  }

  const Path& plugin_;
  Path folder_;
  const Path& home_;
  LinkedLibraries found_;
  std::set<std::string> of_the_system_;  // visited
};

}  // namespace

LinkedLibraries private_libraries(const Path& plugin, const Path& home) { return Walk(plugin, home).found(); }

}  // namespace binade::host
