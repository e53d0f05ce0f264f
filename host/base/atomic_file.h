// A file that is written atomically and survives a power failure.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

#include "host/base/system_call.h"

namespace binade::host {

// Writes a temporary file in the same folder; commit() renames it. Without commit(), the destructor removes the
// temporary file. Every function throws std::system_error that names the file; after a failure, only the destructor may
// be called. Not thread-safe.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, std::size_t bytes);

  // Syncs the file, renames it, replacing an existing file, and syncs the folder. If one of the first two fails, an
  // existing file is unchanged. If syncing the folder fails, the new file is in place but may not survive a power
  // failure.
  void commit();

 private:
  std::filesystem::path path_, temporary_;
  int file_ = -1;
  bool renamed_ = false;
};

// Removes temporary files that AtomicFiles of a killed process left in this folder (regular files named
// <file>.<pid>-<n>.tmp). No other process may be writing to the folder. Ignores errors.
void remove_unfinished_files(const std::filesystem::path& folder);

// Makes the entries of a folder durable. Throws std::system_error that names it.
void sync_folder(const std::filesystem::path& folder);

// Writes all bytes to a descriptor, despite interruptions and short writes. Returns the number of bytes written, which
// is less than `bytes` if a write failed; errno has the reason.
std::size_t write_all(int file, const void* data, std::size_t bytes);

// Calls fsync(), again only if it was interrupted. Returns 0, or -1 with errno.
int sync_file(int file);

}  // namespace binade::host
