#include "host/loading/cache_folder.h"

#include <cstdlib>
#include <system_error>

namespace binade::host {
namespace {

std::filesystem::path cache() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::filesystem::path(value == nullptr ? "" : value);
  };
  if (auto own = variable("BINADE_CACHE"); !own.empty()) return own;
  if (const auto users = variable("XDG_CACHE_HOME"); !users.empty()) return users / "binade";
  const auto home = variable("HOME");
  return home.empty() ? home : home / ".cache" / "binade";
}

}  // namespace

std::filesystem::path make_cache_folder(const std::string& plugin) {
  const auto base = cache();
  if (base.empty()) return {};
  std::error_code error;
  auto folder = std::filesystem::absolute(base / "plugins" / plugin, error);
  if (!error) std::filesystem::create_directories(folder, error);
  return error ? std::filesystem::path() : folder;
}

}  // namespace binade::host
