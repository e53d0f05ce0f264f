// The folder of one run, runs/<name>/<UTC>-<hash8>/, which is created once and never reused.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

namespace binade::host {

class RunDirectory {
 public:
  // Creates <root>/<name>/<UTC>-<hash8>/ exclusively. <UTC> is the current time, or one second after the latest
  // existing run if that is not earlier (the clock may have been set back), so that names sort by the order in which
  // runs started. hash8 is derived from the resolved experiment, the time and the process, so that simultaneous runs
  // get different folders. `prefix` precedes <UTC>. Throws std::system_error that names the folder.
  RunDirectory(const std::filesystem::path& root, const std::string& name, std::string_view resolved_experiment,
               std::string_view prefix = {});

  // Opens an existing folder. Throws std::runtime_error if it is not the folder of a run.
  explicit RunDirectory(const std::filesystem::path& existing);

  const std::filesystem::path& path() const { return path_; }  // absolute
  const std::string& run_id() const { return run_id_; }        // the folder's own name: [0-9A-Za-z.-]

  // Writes a small file atomically. Throws std::system_error that names the file.
  void write(const std::string& file_name, std::string_view text) const;

 private:
  std::filesystem::path path_;
  std::string run_id_;
};

// Returns the only folder in `parent`, which holds the runs of one name. Empty if there is none.
std::filesystem::path only_run_in(const std::filesystem::path& parent);

// Thrown if the folder of a run was deleted or moved during training, so that nothing can be saved there.
class RunFolderGone : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Throws RunFolderGone if the folder does not exist.
void require_run_folder(const std::filesystem::path& folder);

// A lock that keeps other processes from training in the same directory. It ends with the process in any case.
class RunLock {
 public:
  // Throws std::runtime_error if another process holds the lock.
  explicit RunLock(const std::filesystem::path& directory);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  int folder_;
};

}  // namespace binade::host
