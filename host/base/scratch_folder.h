// Folders for what nobody is to find afterwards.
#pragma once

#include <filesystem>
#include <string>

namespace binade::host {

// Makes binade-WHAT-XXXXXX in the temporary folder, which only this user can look into. It stays until somebody removes
// it. Throws std::system_error, and std::runtime_error when there is no temporary folder.
std::filesystem::path make_scratch_folder(const std::string& what);

// Such a folder, gone with its content at the end.
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
