#include "host/data/fingerprint/hash_cache.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "host/base/atomic_file.h"

namespace binade::host {
namespace {

constexpr std::size_t hash_digits = 64;

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + std::int64_t{time.tv_nsec};
}

}  // namespace

FileIdentity identity_of(const struct stat& status) {
  return {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size), nanoseconds(status.st_mtim),
          nanoseconds(status.st_ctim)};
}

HashCache::HashCache(std::filesystem::path file) : file_(std::move(file)) {
  if (file_.empty()) return;
  std::ifstream stream(file_);
  for (std::string line; std::getline(stream, line);) {
    std::istringstream words(line);
    Entry entry;
    auto& [device, inode, size, modified, changed] = entry.identity;
    std::string path;
    if (!(words >> entry.sha256 >> device >> inode >> size >> modified >> changed)) continue;
    if (entry.sha256.size() != hash_digits || words.get() != ' ' || !std::getline(words, path)) continue;
    entries_[path] = std::move(entry);
  }
}

std::optional<std::string> HashCache::find(const std::filesystem::path& path, const FileIdentity& identity) const {
  const auto found = entries_.find(path.string());
  if (found == entries_.end() || found->second.identity != identity) return std::nullopt;
  return found->second.sha256;
}

void HashCache::put(const std::filesystem::path& path, const FileIdentity& identity, const std::string& sha256) {
  if (file_.empty() || path.native().find('\n') != std::string::npos) return;
  entries_[path.string()] = {identity, sha256};
  changed_ = true;
}

void HashCache::save() noexcept {
  if (!changed_) return;
  try {
    std::string text;
    for (const auto& [path, entry] : entries_) {
      const auto& [device, inode, size, modified, changed] = entry.identity;
      fmt::format_to(std::back_inserter(text), "{} {} {} {} {} {} {}\n", entry.sha256, device, inode, size, modified,
                     changed, path);
    }
    std::filesystem::create_directories(file_.parent_path());
    AtomicFile file(file_);
    file.write(text.data(), text.size());
    file.commit();
    changed_ = false;
  } catch (const std::exception&) {
    changed_ = true;  // still true; a later save may succeed
  }
}

}  // namespace binade::host
