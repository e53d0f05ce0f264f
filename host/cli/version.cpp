#include "host/cli/version.h"

#include <fmt/format.h>

#include "binade/abi/plugin.h"

namespace binade::host {

std::string version() { return BINADE_VERSION; }

std::string git_sha() { return BINADE_GIT_SHA; }

std::string version_text() {
  return fmt::format("binade {} (plugin ABI {}.{})", BINADE_VERSION, BINADE_ABI_MAJOR, BINADE_ABI_MINOR);
}

}  // namespace binade::host
