#include "host/base/cache_folder.h"

#include <system_error>

#include "host/base/environment_variable.h"

namespace binade::host {

std::filesystem::path cache_folder() {
  if (auto own = environment_variable("BINADE_CACHE"); !own.empty()) return own;
  if (const std::filesystem::path users = environment_variable("XDG_CACHE_HOME"); !users.empty()) {
    return users / "binade";
  }
  const std::filesystem::path home = environment_variable("HOME");
  return home.empty() ? home : home / ".cache" / "binade";
}

std::filesystem::path make_cache_folder(const std::string& plugin) {
  const auto base = cache_folder();
  if (base.empty()) return {};
  std::error_code error;
  auto folder = std::filesystem::absolute(base / "plugins" / plugin, error);
  if (!error) std::filesystem::create_directories(folder, error);
  return error ? std::filesystem::path() : folder;
}

}  // namespace binade::host
