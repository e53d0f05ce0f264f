#include "host/base/scratch_folder.h"

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <system_error>

namespace binade::host {

namespace {

std::filesystem::path temporary_folder() {
  std::error_code error;
  auto folder = std::filesystem::temp_directory_path(error);
  if (!error) return folder;
  for (const char* variable : {"TMPDIR", "TMP", "TEMP", "TEMPDIR"}) {  // in the standard library's order
    const char* const value = std::getenv(variable);
    if (value == nullptr) continue;
    throw std::runtime_error(std::string("the folder for temporary files, ") + variable + "=" + value +
                             ", does not exist or is not a folder: create it, or set the variable to another one");
  }
  throw std::runtime_error("there is no folder for temporary files: set TMPDIR to one (" + error.message() + ")");
}

}  // namespace

std::filesystem::path make_scratch_folder(const std::string& what) {
  auto path = (temporary_folder() / ("binade-" + what + "-XXXXXX")).string();
  if (mkdtemp(path.data()) == nullptr) {  // 0700
    throw std::system_error(errno, std::generic_category(), "cannot create the folder " + path);
  }
  return path;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace binade::host
