// Temporary folders.
#pragma once

#include <filesystem>
#include <string>

namespace binade::host {

// Creates binade-WHAT-XXXXXX in the folder for temporary files, accessible to this user only. The caller must remove
// it. Throws std::system_error, or std::runtime_error if there is no folder for temporary files.
std::filesystem::path make_scratch_folder(const std::string& what);

// Such a folder, which the destructor removes with its contents.
class ScratchFolder {
 public:
  explicit ScratchFolder(const std::string& what) : path_(make_scratch_folder(what)) {}
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace binade::host
