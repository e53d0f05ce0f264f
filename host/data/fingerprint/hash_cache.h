// Hashes of files that were computed before, so that only the first of many runs reads a large file for its hash.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace binade::host {

// What is equal as long as a file's content was not written to. The change time (ctime) is part of it: a program that
// edits a file and sets its modification time back cannot set that one.
struct FileIdentity {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t modified = 0, changed = 0;  // ns since 1970

  bool operator==(const FileIdentity&) const = default;
};
FileIdentity identity_of(const struct stat& status);

// A text file: one line for each hashed file. Belongs to one user, who could change it as well as the data; what cannot
// be read of it counts as not there. One thread at a time.
class HashCache {
 public:
  // Reads `file`, which need not be there. An empty path: nothing is kept.
  explicit HashCache(std::filesystem::path file);

  std::optional<std::string> find(const std::filesystem::path& path, const FileIdentity& identity) const;
  void put(const std::filesystem::path& path, const FileIdentity& identity, const std::string& sha256);

  // Writes it whole where something was put since, with folders. A failure is not told: it can be made again.
  void save() noexcept;

 private:
  struct Entry {
    FileIdentity identity;
    std::string sha256;
  };
  std::filesystem::path file_;
  std::map<std::string, Entry> entries_;
  bool changed_ = false;
};

}  // namespace binade::host
