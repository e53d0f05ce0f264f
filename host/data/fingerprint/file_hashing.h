// Computes SHA-256 of a dataset's files on its own threads, while the dataset opens them.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "host/data/fingerprint/data_files.h"
#include "host/data/fingerprint/hash_cache.h"

namespace binade::host {

struct HashedFile {
  std::filesystem::path path;
  std::uint64_t bytes = 0;
  std::string sha256;   // as printed by sha256sum(1); empty if there is a problem
  std::string problem;  // changed_meanwhile, "cannot be read: ...", not_hashed
};

constexpr std::string_view changed_meanwhile = "changed while the run began", not_hashed = "not hashed";

struct FileHashingPlan {
  // The folder of the hash cache; empty: no cache.
  std::filesystem::path cache{};
  // The files of an option's value are cached if they have at least this many bytes: fewer are hashed as fast as looked
  // up.
  std::uint64_t cached_from = std::uint64_t{16} << 20;
  // A hash is cached only if the file's last change is at least this old. Otherwise a later change could get the same
  // change time, and a dirty page of a shared mapping could change without updating it before it is written back.
  std::chrono::seconds settled{60};
  unsigned threads = 4;          // upper limit, as is the number of processors
  bool any_file_system = false;  // for tests: cache on every file system
};

// SHA-256 is used because it is the hash of everything else that a run records, anybody can check it with sha256sum,
// and a core with SHA instructions hashes 1.7 GB/s, more than most disks deliver. With the cache, only the first run
// has to hash a large file. A cached hash is found by the file's path and identity (hash_cache.h), but only on file
// systems where programs cannot set the change time; elsewhere the file is hashed at each start. Two changes of a
// cached file are not detected: one made after setting the clock back to exactly the same nanosecond, and one that
// bypasses the file system.
class FileHashing {
 public:
  // Records each file's identity and starts hashing. Create this before the dataset: later changes are detected.
  FileHashing(const std::vector<DataFiles>& groups, FileHashingPlan plan);
  ~FileHashing();  // stops and joins the threads
  FileHashing(const FileHashing&) = delete;
  FileHashing& operator=(const FileHashing&) = delete;

  // Waits for at most `time`. Returns whether all files are done.
  bool wait_for(std::chrono::milliseconds time);
  // Stops hashing; the remaining files are reported as not hashed.
  void stop() { stop_ = true; }

  std::uint64_t bytes() const { return bytes_; }            // of all files
  std::uint64_t bytes_done() const { return done_bytes_; }  // hashed, or found in the cache
  std::uint64_t bytes_read() const { return read_bytes_; }

  // Waits for the end, checks each file's identity again, writes the cache, and returns each file once, in the order of
  // the groups. Must be called only once.
  std::vector<HashedFile> results();

 private:
  struct File {
    HashedFile hashed;
    std::size_t group = 0;
    FileIdentity identity{};  // before the dataset was opened
    bool cachable = false;    // hashed here, and the file's last change is old enough
  };

  void start(std::size_t threads);
  void work();
  void hash(File& file);
  void read(int descriptor, File& file);
  void join();

  const FileHashingPlan plan_;
  std::vector<File> files_;
  std::vector<HashCache> caches_;  // one per group
  std::uint64_t bytes_ = 0;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::uint64_t> done_bytes_{0}, read_bytes_{0};
  std::atomic<bool> stop_{false};

  std::mutex mutex_;
  std::condition_variable finished_;
  std::size_t working_ = 0;  // threads
  std::vector<std::thread> threads_;
};

}  // namespace binade::host
