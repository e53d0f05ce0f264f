#include "host/loading/elf/library_search.h"

#include <dlfcn.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <system_error>

namespace binade::host {
namespace {

using Path = std::filesystem::path;

bool belongs_to_root_alone(const struct stat& status) {
  return status.st_uid == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// Returns the nearest existing folder, with links resolved.
Path existing(const Path& folder) {
  std::error_code error;
  auto path = std::filesystem::absolute(folder).lexically_normal();
  while (!std::filesystem::exists(path, error) && path.has_relative_path()) path = path.parent_path();
  auto real = std::filesystem::canonical(path, error);
  return error ? path : real;
}

}  // namespace

std::optional<Path> library_in(const Path& folder, const std::string& name) {
  for (const auto* part : {"glibc-hwcaps/x86-64-v4", "glibc-hwcaps/x86-64-v3", "glibc-hwcaps/x86-64-v2", "tls",
                           "haswell", "avx512_1", "x86_64", ""}) {
    auto path = (folder / part / name).lexically_normal();
    std::error_code error;
    if (std::filesystem::exists(path, error)) return path;
  }
  return std::nullopt;
}

bool is_of_the_system(const Path& folder) {
  std::error_code error;
  auto path = std::filesystem::canonical(folder, error);
  const auto text = path.string() + "/";
  const bool known = std::ranges::any_of(std::array{"/lib/", "/lib64/", "/usr/", "/opt/"},
                                         [&](const char* system) { return text.starts_with(system); });
  if (error || !known) return false;
  for (;; path = path.parent_path()) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 || !belongs_to_root_alone(status)) return false;
    if (!path.has_relative_path()) return true;
  }
}

Path open_to_others(const Path& folder) {
  const auto lowest = existing(folder);
  for (auto path = lowest;; path = path.parent_path()) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return path;
    const bool others_write = (status.st_mode & S_IWOTH) != 0;
    // In a sticky folder such as /tmp, others can create what is missing, but not replace what exists.
    const bool harmless = (status.st_mode & S_ISVTX) != 0 && path != lowest;
    const bool foreign = status.st_uid != 0 && status.st_uid != ::geteuid();
    if (foreign || (others_write && !harmless)) return path;
    if (!path.has_relative_path()) return {};
  }
}

bool is_of_the_engine(std::string_view name) { return name == "libc10.so" || name == "libtorch_cpu.so"; }

bool is_in_the_process(const std::string& name) {
  if (is_of_the_engine(name)) return true;
  void* handle = ::dlopen(name.c_str(), RTLD_LAZY | RTLD_NOLOAD);
  if (handle == nullptr) return false;
  const link_map* map = nullptr;
  const bool known = ::dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0;
  const bool of_the_system = known && is_of_the_system(Path(map->l_name).parent_path());
  ::dlclose(handle);
  return of_the_system;
}

}  // namespace binade::host
