#include "host/loading/lock/verified_copies.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "host/base/atomic_file.h"
#include "host/base/descriptor.h"
#include "host/base/environment_variable.h"
#include "host/base/sha256.h"
#include "host/loading/elf/library_search.h"
#include "host/loading/lock/private_libraries.h"

namespace binade::host {
namespace {

using Path = std::filesystem::path;

[[noreturn]] void refuse(const PluginFile& file, const std::string& why, const std::string& help) {
  throw PluginRefused("E0313", fmt::format("`{}` is refused under --locked: {}\n{}", file.path.string(), why, help),
                      file.manifest.id);
}

[[noreturn]] void fail(const Path& path) { throw std::system_error(errno, std::generic_category(), path.string()); }

void require_owned(const Path& path, const struct stat& status, const PluginFile& file) {
  if ((status.st_mode & S_IWOTH) == 0) return;
  refuse(file, fmt::format("anyone can write `{}`", path.string()), "remove that permission: chmod o-w");
}

// Others must not be able to replace the file. In a sticky folder such as /tmp, only its owner can.
void require_private_folder(const Path& folder, const PluginFile& file) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) fail(folder);
  if ((status.st_mode & S_ISVTX) == 0) require_owned(folder, status, file);
}

void copy_bytes(int from, int to, const Path& source) {
  std::array<char, 1 << 16> part{};
  for (;;) {
    const auto bytes = ::read(from, part.data(), part.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) fail(source);
    if (bytes == 0) return;
    if (write_all(to, part.data(), static_cast<std::size_t>(bytes)) != static_cast<std::size_t>(bytes)) fail(source);
  }
}

// The dynamic linker searches LD_LIBRARY_PATH before the plugin's own folders.
void require_nothing_in_front(const LinkedLibraries& libraries, const PluginFile& file) {
  constexpr const char* help = "unset LD_LIBRARY_PATH, or remove that folder from it";
  auto folders = environment_variable("LD_LIBRARY_PATH");
  std::ranges::replace(folders, ';', ':');
  for (std::size_t begin = 0; begin < folders.size();) {
    const auto end = std::min(folders.find(':', begin), folders.size());
    const auto text = folders.substr(begin, end - begin);
    begin = end + 1;
    const Path folder = text.empty() ? std::filesystem::current_path() : Path(text);
    if (is_of_the_system(folder)) continue;
    if (text.find('$') != std::string::npos) {
      refuse(file, fmt::format("LD_LIBRARY_PATH names `{}`, which only the dynamic linker can expand", text), help);
    }
    for (const auto& name : libraries.needed) {
      if (is_of_the_engine(name)) continue;
      if (const auto found = library_in(folder, name)) {
        refuse(file, fmt::format("LD_LIBRARY_PATH would make it load `{}`", found->string()), help);
      }
    }
    if (const auto open = open_to_others(folder); !open.empty()) {
      refuse(file, fmt::format("LD_LIBRARY_PATH names `{}`, and others can write `{}`", folder.string(), open.string()),
             help);
    }
  }
}

}  // namespace

VerifiedCopies::VerifiedCopies(const Path& lock) : lock_path_(lock), lock_(read_lock(lock)) {}

void VerifiedCopies::require_host(const binade_build_block& engine, std::string_view host_version) const {
  const auto now = make_lock(engine, host_version);
  const auto require = [&](const std::string& what, const std::string& locked, const std::string& here) {
    if (locked == here) return;
    throw PluginRefused("E0313",
                        fmt::format("`{}` was written for another {}\nlock: {}\nhere: {}\nif that is intended, "
                                    "write it again: binade lock FILE",
                                    lock_path_.string(), what, locked, here));
  };
  require("Binade", lock_.binade, now.binade);
  require("LibTorch", lock_.torch_version, now.torch_version);
  require("build of LibTorch (build-id of libc10)", lock_.c10_build_id, now.c10_build_id);
  require("build of LibTorch (build-id of libtorch_cpu)", lock_.torch_cpu_build_id, now.torch_cpu_build_id);
}

Path VerifiedCopies::copy(const Path& from, const Path& to, const std::string& sha256, const PluginFile& file) const {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): POSIX's
  const Descriptor source(::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (source.number() < 0 && errno == ELOOP) {
    refuse(file, fmt::format("`{}` is a symbolic link", from.string()), "name the file itself");
  }
  struct stat status {};
  if (source.number() < 0 || ::fstat(source.number(), &status) != 0) fail(from);
  if (!S_ISREG(status.st_mode)) refuse(file, fmt::format("`{}` is not a regular file", from.string()), "copy it again");
  require_owned(from, status, file);
  require_private_folder(from.parent_path(), file);
  std::filesystem::create_directories(to.parent_path());
  {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): POSIX's
    const Descriptor target(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IXUSR));
    if (target.number() < 0) fail(to);
    copy_bytes(source.number(), target.number(), from);
  }
  if (const auto found = sha256_of_file(to); found != sha256) {
    refuse(file, fmt::format("`{}` is not the file that the lock names", from.string()),
           fmt::format("sha256 in {}: {}\nsha256 of the file: {}\nfind out who changed it; if that was you, write the "
                       "lock again: binade lock FILE",
                       lock_path_.string(), sha256, found));
  }
  return to;
}

PluginFile VerifiedCopies::verify(const PluginFile& file) {
  const auto& manifest = file.manifest;
  const auto locked = std::ranges::find_if(lock_.plugins, [&](const LockedPlugin& plugin) {
    return plugin.id == manifest.id && plugin.kind == manifest.kind;
  });
  if (locked == lock_.plugins.end()) {
    refuse(file,
           fmt::format("the lock `{}` does not name the {} `{}`", lock_path_.string(), to_string(manifest.kind),
                       manifest.id),
           "if it belongs to the experiment, write the lock again: binade lock FILE");
  }
  const auto home = file.path.parent_path(), folder = folder_.path() / std::to_string(count_++);
  const auto plugin = copy(file.path, folder / file.path.filename(), locked->sha256, file);
  std::vector<std::string> names;
  for (const auto& [name, sha256] : locked->libraries) {
    // A lock from an untrusted source must not lead out of the folder.
    const auto inside = std::filesystem::path(name).lexically_normal();
    if (inside.is_absolute() || inside.empty() || *inside.begin() == "..") {
      refuse(file, fmt::format("its library `{}` lies outside of its folder", name), "write the lock again");
    }
    std::error_code error;
    const auto real = std::filesystem::canonical(home / name, error);  // libx.so.1 is often a link to libx.so.1.2
    if (error) refuse(file, fmt::format("its library `{}` is missing", (home / name).string()), "put it back");
    copy(real, folder / name, sha256, file);
    const auto known = libraries_.emplace(inside.filename().string(), sha256).first;
    if (known->second != sha256) {
      refuse(file,
             fmt::format("another plugin brings a different `{}`, and a process can load only one of that name",
                         known->first),
             "give one of the two libraries another SONAME");
    }
    names.push_back(name);
  }
  const auto linked = private_libraries(plugin, home);
  if (linked.own != names || private_libraries(file.path, home).own != names) {
    refuse(file, "its libraries are not those that the lock names", "write the lock again: binade lock FILE");
  }
  require_nothing_in_front(linked, file);
  auto admitted = read_plugin_file(plugin);
  if (admitted.manifest_crc32 != file.manifest_crc32) {
    refuse(file, "it was replaced after the experiment was checked", "start again");
  }
  admitted.path = file.path;
  admitted.load_from = plugin;
  return admitted;
}

}  // namespace binade::host
