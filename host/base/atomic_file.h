// A file that appears whole or not at all, and stays after a power cut.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

#include "host/base/system_call.h"

namespace binade::host {

// Written beside its final place under a temporary name; commit() puts it in place. Without commit() the destructor
// removes the temporary. Every call throws std::system_error naming the file; after a failure only the destructor may
// follow. Not for several threads at once.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, std::size_t bytes);

  // Syncs the file, renames it over what may lie there, syncs the folder. When one of the first two fails, an older
  // file is as it was. When syncing the folder fails, the new file is in place but may not survive a power cut.
  void commit();

 private:
  std::filesystem::path path_, temporary_;
  int file_ = -1;
  bool renamed_ = false;
};

// Removes what AtomicFiles of a process that was killed left in this folder, by their names: <file>.<pid>-<n>.tmp,
// where those are regular files. For a folder in which nobody else writes now. What cannot be removed stays.
void remove_unfinished_files(const std::filesystem::path& folder);

// Makes the names in a folder durable. Throws std::system_error naming it.
void sync_folder(const std::filesystem::path& folder);

// Writes all of it to a descriptor, through interruptions and short writes. Returns how much was written; less than
// `bytes` when a write failed, and errno says why.
std::size_t write_all(int file, const void* data, std::size_t bytes);

// fsync(), again only when interrupted: that is no failed sync. 0, or -1 with errno.
int sync_file(int file);

}  // namespace binade::host
