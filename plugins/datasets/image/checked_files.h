// Remembers which picture files could be decoded completely, so that only the first run has to decode them all in
// advance.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "picture.h"

// Stays the same as long as a file is not changed.
struct FileStamp {
  std::uint64_t size = 0;
  std::int64_t modified = 0;  // ns since 1970
  bool operator==(const FileStamp& other) const { return size == other.size && modified == other.modified; }
};
inline FileStamp stamp_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {static_cast<std::uint64_t>(status.st_size),
          std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

// FNV-1a. It names cache files, whose contents are checked.
inline std::string hashed(std::string_view text) {
  std::string name;
  for (std::uint64_t hash : {0xCBF29CE484222325u, 0x84222325CBF29CE4u}) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
    for (int shift = 60; shift >= 0; shift -= 4) name += "0123456789abcdef"[hash >> shift & 15u];
  }
  return name;
}

// A new file in a folder, of a name that no other process uses, which can replace another file at once.
class NewFile {
 public:
  explicit NewFile(const std::filesystem::path& folder) : name_((folder / "new-XXXXXX").string()) {
    descriptor_ = ::mkostemp(name_.data(), O_CLOEXEC);
  }
  ~NewFile() {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    if (!kept_) ::unlink(name_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  // Safe on several threads at once. Each call returns false on failure.
  bool write(const void* data, std::size_t size, std::uint64_t at) const {
    const auto* bytes = static_cast<const char*>(data);
    while (size > 0) {
      const auto written = ::pwrite(descriptor_, bytes, size, static_cast<off_t>(at));
      if (written <= 0) return false;
      bytes += written;
      size -= static_cast<std::size_t>(written);
      at += static_cast<std::uint64_t>(written);
    }
    return true;
  }
  // Synced first: after a power failure, a complete file of zeros would be taken for pictures.
  bool replace(const std::filesystem::path& file) {
    kept_ = ::fsync(descriptor_) == 0 && ::rename(name_.c_str(), file.c_str()) == 0;
    return kept_;
  }

 private:
  std::string name_;
  int descriptor_;
  bool kept_ = false;
};

class CheckedFiles {
 public:
  struct Result {
    FileStamp stamp{};
    Extent extent{};
    std::string reason{};  // why it is no picture; empty if it is one
  };

  // `data` identifies the files. With an empty folder, nothing is remembered.
  CheckedFiles(const std::string& folder, const std::string& data) {
    if (folder.empty()) return;
    folder_ = folder;
    file_ = folder_ / ("checked-" + hashed(data) + ".txt");
    std::ifstream stream(file_);
    std::string line;
    if (!std::getline(stream, line) || line != version) return;
    while (std::getline(stream, line)) read(line);
  }

  const Result* find(const std::string& path, const FileStamp& stamp) const {
    const auto found = results_.find(path);
    return found != results_.end() && found->second.stamp == stamp ? &found->second : nullptr;
  }
  void put(const std::string& path, Result result) { results_[path] = std::move(result); }

  // Ignores errors, because the results can be found again.
  void save() const {
    if (folder_.empty()) return;
    std::ostringstream text;
    text << version << "\n";
    for (const auto& [path, result] : results_) {
      if ((path + result.reason).find_first_of("\n\t") != std::string::npos) continue;
      text << result.stamp.size << ' ' << result.stamp.modified << ' ' << result.extent.height << ' '
           << result.extent.width << '\t' << path << '\t' << result.reason << "\n";
    }
    const auto all = text.str();
    NewFile file(folder_);
    if (file.write(all.data(), all.size(), 0)) file.replace(file_);
  }

 private:
  // Increment when decoders find other faults.
  static constexpr const char* version = "binade checked pictures 1";

  void read(const std::string& line) {
    const auto path = line.find('\t'), reason = line.find('\t', path + 1);
    if (path == std::string::npos || reason == std::string::npos) return;
    Result result;
    std::istringstream numbers(line.substr(0, path));
    numbers >> result.stamp.size >> result.stamp.modified >> result.extent.height >> result.extent.width;
    result.reason = line.substr(reason + 1);
    if (numbers) results_[line.substr(path + 1, reason - path - 1)] = std::move(result);
  }

  std::filesystem::path folder_, file_;
  std::map<std::string, Result> results_;
};
