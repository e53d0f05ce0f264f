#include "host/data/fingerprint/file_hashing.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <system_error>

#include "host/base/atomic_file.h"
#include "host/base/descriptor.h"
#include "host/base/sha256.h"

namespace binade::host {
namespace {

constexpr std::size_t read_at_once = std::size_t{1} << 20;

// True for disk file systems and NFS, where a write updates a file's change time, which programs cannot set. False for
// file systems in memory, where writes to mapped pages may never update it.
bool keeps_change_times(int descriptor) {
  constexpr std::array<unsigned long, 9> known{
      EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,      BTRFS_SUPER_MAGIC,       F2FS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC,
      NFS_SUPER_MAGIC,  0x2fc12fc1 /* ZFS */, 0x0bd00bd0 /* Lustre */, 0xca451a4e /* bcachefs */};
  struct statfs system {};
  if (fstatfs(descriptor, &system) != 0) return false;
  return std::find(known.begin(), known.end(), static_cast<unsigned long>(system.f_type)) != known.end();
}

std::int64_t now() { return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count(); }

std::string cannot_be_read() { return "cannot be read: " + std::generic_category().message(errno); }

std::filesystem::path cache_file(const std::filesystem::path& folder, const std::filesystem::path& named) {
  constexpr std::size_t digits = 32;
  Sha256 hash;
  hash.update(named.native().data(), named.native().size());
  return folder / hash.hex().substr(0, digits);
}

}  // namespace

FileHashing::FileHashing(const std::vector<DataFiles>& groups, FileHashingPlan plan) : plan_(std::move(plan)) {
  std::set<std::filesystem::path> known;
  for (const auto& group : groups) {
    std::uint64_t bytes = 0;
    for (const auto& path : group.files) {
      if (!known.insert(path).second) continue;
      File file{{path, 0, {}, {}}, caches_.size()};
      struct stat status {};
      if (stat(path.c_str(), &status) != 0) file.hashed.problem = cannot_be_read();
      file.identity = identity_of(status);
      bytes += file.hashed.bytes = file.identity.size;
      files_.push_back(std::move(file));
    }
    bytes_ += bytes;
    const bool cached = !plan_.cache.empty() && bytes >= plan_.cached_from;
    caches_.emplace_back(cached ? cache_file(plan_.cache, group.named) : std::filesystem::path());
  }
  const std::size_t threads =
      std::min<std::size_t>({files_.size(), plan_.threads, std::max(1u, std::thread::hardware_concurrency())});
  start(threads);
}

void FileHashing::start(std::size_t threads) {
  working_ = threads;
  try {
    while (threads_.size() < threads) threads_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {  // no more threads are allowed
    const std::lock_guard lock(mutex_);
    working_ -= threads - threads_.size();
  }
  if (threads_.empty() && threads > 0) {
    working_ = 1;
    work();
  }
}

FileHashing::~FileHashing() {
  stop_ = true;
  join();
}

void FileHashing::join() {
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

bool FileHashing::wait_for(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return finished_.wait_for(lock, time, [this] { return working_ == 0; });
}

void FileHashing::work() {
  for (std::size_t number = next_++; number < files_.size() && !stop_; number = next_++) {
    auto& file = files_[number];
    try {
      if (file.hashed.problem.empty()) hash(file);
    } catch (const std::exception& error) {
      file.hashed.problem = std::string("cannot be read: ") + error.what();
    }
  }
  const std::lock_guard lock(mutex_);
  if (--working_ == 0) finished_.notify_all();
}

// O_NONBLOCK, because the file may have become a pipe or a device since it was found.
void FileHashing::hash(File& file) {
  auto& hashed = file.hashed;
  const auto began = now();
  const Descriptor descriptor(
      uninterrupted([&] { return open(hashed.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); }));
  struct stat before {
  }, after{};
  if (descriptor.number() < 0 || fstat(descriptor.number(), &before) != 0) {
    hashed.problem = cannot_be_read();
    return;
  }
  if (!S_ISREG(before.st_mode) || identity_of(before) != file.identity) {
    hashed.problem = changed_meanwhile;
    return;
  }
  const auto& cache = caches_[file.group];
  if (auto known = cache.find(hashed.path, file.identity)) {
    hashed.sha256 = std::move(*known);
    done_bytes_ += hashed.bytes;
    return;
  }
  read(descriptor.number(), file);
  if (hashed.sha256.empty()) return;
  const bool same = fstat(descriptor.number(), &after) == 0 && identity_of(after) == file.identity;
  const auto settled = std::chrono::nanoseconds(plan_.settled).count();
  file.cachable = same && began - file.identity.changed >= settled &&
                  (plan_.any_file_system || keeps_change_times(descriptor.number()));
}

void FileHashing::read(int descriptor, File& file) {
  posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
  thread_local std::vector<char> buffer(read_at_once);
  Sha256 hash;
  ssize_t bytes = 0;
  do {
    bytes = uninterrupted([&] { return ::read(descriptor, buffer.data(), buffer.size()); });
    if (bytes <= 0) break;
    hash.update(buffer.data(), static_cast<std::size_t>(bytes));
    read_bytes_ += static_cast<std::uint64_t>(bytes);
    done_bytes_ += static_cast<std::uint64_t>(bytes);
  } while (!stop_);
  if (bytes < 0) file.hashed.problem = cannot_be_read();
  if (bytes == 0) file.hashed.sha256 = hash.hex();
}

std::vector<HashedFile> FileHashing::results() {
  join();
  std::vector<HashedFile> all;
  all.reserve(files_.size());
  for (auto& file : files_) {
    auto& hashed = file.hashed;
    struct stat status {};
    const bool same = stat(hashed.path.c_str(), &status) == 0 && identity_of(status) == file.identity;
    if (!same && hashed.problem.empty()) hashed.problem = changed_meanwhile;
    if (hashed.problem.empty() && hashed.sha256.empty()) hashed.problem = not_hashed;
    if (!hashed.problem.empty()) hashed.sha256.clear();
    if (file.cachable && same) caches_[file.group].put(hashed.path, file.identity, hashed.sha256);
    all.push_back(std::move(hashed));
  }
  for (auto& cache : caches_) cache.save();
  return all;
}

}  // namespace binade::host
