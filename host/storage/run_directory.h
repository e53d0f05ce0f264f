// The folder of one run, runs/<name>/<UTC>-<hash8>/, made once and never reused.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

namespace binade::host {

class RunDirectory {
 public:
  // Makes <root>/<name>/<UTC>-<hash8>/ exclusively. <UTC> is the time; where a run of that second or a later one is
  // there already (the clock may have been set back), it is the second after that one's: the names sort by the order in
  // which runs began. hash8 comes from the resolved experiment's text, the time and the process, so that two runs that
  // start at once get two folders. `prefix` stands before <UTC>. Throws std::system_error naming the folder.
  RunDirectory(const std::filesystem::path& root, const std::string& name, std::string_view resolved_experiment,
               std::string_view prefix = {});

  // One that is there. Throws std::runtime_error when it is no folder of a run.
  explicit RunDirectory(const std::filesystem::path& existing);

  const std::filesystem::path& path() const { return path_; }  // absolute
  const std::string& run_id() const { return run_id_; }        // the folder's own name: [0-9A-Za-z.-]

  // Writes a small file whole: temporary, sync, rename. Throws std::system_error naming the file.
  void write(const std::string& file_name, std::string_view text) const;

 private:
  std::filesystem::path path_;
  std::string run_id_;
};

// The folder of a run was deleted or moved while it trained: nothing of it can be kept there any more.
class RunFolderGone : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Throws RunFolderGone when the folder is not there.
void require_run_folder(const std::filesystem::path& folder);

// While it lives, no other process trains in this directory. Ends with the process, however that ends.
class RunLock {
 public:
  // Throws std::runtime_error when another process trains in it.
  explicit RunLock(const std::filesystem::path& directory);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  int folder_;
};

}  // namespace binade::host
