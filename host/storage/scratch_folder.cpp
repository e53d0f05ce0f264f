#include "host/storage/scratch_folder.h"

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace binade::host {

std::filesystem::path make_scratch_folder(const std::string& what) {
  auto path = (std::filesystem::temp_directory_path() / ("binade-" + what + "-XXXXXX")).string();
  if (mkdtemp(path.data()) == nullptr) {  // 0700
    throw std::system_error(errno, std::generic_category(), "cannot make the folder " + path);
  }
  return path;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace binade::host
