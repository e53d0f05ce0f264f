#include "host/telemetry/machine.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <array>

namespace binade::host {

std::string machine_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

std::optional<double> free_bytes(const std::filesystem::path& folder) noexcept {
  struct statvfs disk {};
  if (statvfs(folder.c_str(), &disk) != 0) return std::nullopt;
  return static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize);
}

}  // namespace binade::host
