#include "host/base/file_error.h"

#include <cerrno>
#include <string>
#include <system_error>

namespace binade::host {

void throw_file_error(const char* what, const std::filesystem::path& path) {
  const int error = errno;  // before it can change
  throw std::system_error(error, std::generic_category(), "cannot " + std::string(what) + " " + path.string());
}

}  // namespace binade::host
