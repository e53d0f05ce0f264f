// SHA-256 of the files that a dataset reads, by threads of its own while the dataset opens them.
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
  std::string sha256;   // as sha256sum(1) gives it; empty where there is a problem
  std::string problem;  // changed_meanwhile, "cannot be read: ...", not_hashed
};

constexpr std::string_view changed_meanwhile = "changed while the run began", not_hashed = "not hashed";

struct FileHashingPlan {
  // Where hashes are kept from run to run; empty: nowhere.
  std::filesystem::path cache{};
  // What a value of the dataset's options means is cached from so many bytes on: less is hashed as fast as looked up.
  std::uint64_t cached_from = std::uint64_t{16} << 20;
  // A hash is cached only where the file was last changed so long before: a later change could otherwise bear the same
  // time, and a page of a shared mapping that is dirty already changes without one until it is written back.
  std::chrono::seconds settled{60};
  unsigned threads = 4;          // at most; and as many as there are processors
  bool any_file_system = false;  // for tests: cached whatever the file system is
};

// Why SHA-256: it is the hash of everything else that a run records, anybody can check it with sha256sum, and with the
// CPU's instructions for it a core does 1.7 GB/s, more than most disks. Where a start cannot wait for that, the cache
// makes it the first start only. A file is looked up by its path and identity (hash_cache.h), and only on file systems
// of which it is known that programs cannot set a file's change time; on others it is hashed at each start.
// What escapes: a change made with the clock of the machine set back to the nanosecond, and writing to the disk below
// its file system. Both only where the hash came from the cache.
class FileHashing {
 public:
  // Looks at each file's identity, and begins. To be made before the dataset is: what changes from here on is noticed.
  FileHashing(const std::vector<DataFiles>& groups, FileHashingPlan plan);
  ~FileHashing();  // stops, and joins
  FileHashing(const FileHashing&) = delete;
  FileHashing& operator=(const FileHashing&) = delete;

  // Waits for at most so long. Whether all is done.
  bool wait_for(std::chrono::milliseconds time);
  // What is not hashed by now will not be.
  void stop() { stop_ = true; }

  std::uint64_t bytes() const { return bytes_; }            // of all files
  std::uint64_t bytes_done() const { return done_bytes_; }  // hashed, or found in the cache
  std::uint64_t bytes_read() const { return read_bytes_; }

  // Waits for the end, looks once more at each file's identity, writes the cache. In the order of the groups, each file
  // once. To be called once.
  std::vector<HashedFile> results();

 private:
  struct File {
    HashedFile hashed;
    std::size_t group = 0;
    FileIdentity identity{};  // before the dataset was opened
    bool cachable = false;    // hashed here, of a file that was settled
  };

  void start(std::size_t threads);
  void work();
  void hash(File& file);
  void read(int descriptor, File& file);
  void join();

  const FileHashingPlan plan_;
  std::vector<File> files_;
  std::vector<HashCache> caches_;  // by group
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
