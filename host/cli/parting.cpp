// Signal handlers call this, so nothing is allocated, and folders are read by the bare system call.
#include "host/cli/parting.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "host/storage/checkpoint_writer.h"

namespace binade::host {
namespace {

// A path that a signal handler can read.
class KnownPath {
 public:
  void set(const std::filesystem::path& path) noexcept {
    known_.store(false);
    std::error_code error;  // the current folder was removed: the relative path works while it stays the current folder
    const auto absolute = std::filesystem::absolute(path, error);
    const auto& text = error ? path.native() : absolute.native();
    if (text.size() >= text_.size()) return;  // longer than any path of the system
    std::memcpy(text_.data(), text.c_str(), text.size() + 1);
    known_.store(true);
  }
  void forget() noexcept { known_.store(false); }
  const char* get() const noexcept { return known_.load() ? text_.data() : nullptr; }

 private:
  std::array<char, PATH_MAX> text_{};
  std::atomic<bool> known_{false};
};

// Signal handlers can reach only globals.
KnownPath target_file, run_folder;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may touch only lock-free atomics");

class Folder {
 public:
  Folder(int parent, const char* name) noexcept
      : file_(openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)) {}
  ~Folder() {
    if (file_ >= 0) close(file_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  int file() const noexcept { return file_; }

  // Calls `visit` with each name, which it may remove.
  template <class Visit>
  void each(Visit visit) const noexcept {
    alignas(dirent64) std::array<char, 4096> buffer{};
    for (;;) {
      const long bytes = file_ < 0 ? -1 : syscall(SYS_getdents64, file_, buffer.data(), buffer.size());
      if (bytes <= 0) return;
      for (long at = 0; at < bytes;) {
        const auto* const entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
        at += entry->d_reclen;
        const char* const name = entry->d_name;
        if (std::string_view(name) != "." && std::string_view(name) != "..") visit(name);
      }
    }
  }

 private:
  int file_;
};

// Renames first: either this precedes the rename that publishes the checkpoint, or nothing is touched.
void remove_checkpoint_in(int checkpoints, const char* name) noexcept {
  std::array<char, NAME_MAX + 1> abandoned{};
  const std::string_view step(name, std::strlen(name) - std::strlen(unfinished_suffix));
  if (step.size() + std::strlen(abandoned_suffix) > NAME_MAX) return;
  std::memcpy(abandoned.data(), step.data(), step.size());
  std::memcpy(abandoned.data() + step.size(), abandoned_suffix, std::strlen(abandoned_suffix) + 1);
  if (renameat(checkpoints, name, checkpoints, abandoned.data()) != 0) return;
  {
    const Folder folder(checkpoints, abandoned.data());
    folder.each([&](const char* file) { unlinkat(folder.file(), file, 0); });
  }
  unlinkat(checkpoints, abandoned.data(), AT_REMOVEDIR);
}

// Unfinished files of this process's AtomicFile: <file>.<pid>-<n>.tmp.
void remove_temporaries(const Folder& folder) noexcept {
  std::array<char, 16> own{'.'};
  auto* const end = std::to_chars(own.data() + 1, own.data() + own.size() - 1, getpid()).ptr;
  *end = '-';
  const std::string_view mark(own.data(), static_cast<std::size_t>(end + 1 - own.data()));
  folder.each([&](const char* name) {
    const std::string_view text(name);
    if (text.ends_with(".tmp") && text.find(mark) != std::string_view::npos) unlinkat(folder.file(), name, 0);
  });
}

}  // namespace

void part() noexcept {
  if (const char* const target = target_file.get()) unlink(target);
  part_after_a_crash();
}

void part_after_a_crash() noexcept {
  const char* const run = run_folder.get();
  if (run == nullptr) return;
  const Folder folder(AT_FDCWD, run);
  remove_temporaries(folder);
  const Folder checkpoints(folder.file(), "checkpoints");
  checkpoints.each([&](const char* name) {
    const std::string_view text(name);
    if (text.starts_with("step-") && text.ends_with(unfinished_suffix)) remove_checkpoint_in(checkpoints.file(), name);
  });
}

Parting::~Parting() {
  part();
  target_file.forget();
  run_folder.forget();
}

void Parting::remove_target(const std::filesystem::path& file) noexcept { target_file.set(file); }
void Parting::remove_unfinished(const std::filesystem::path& run) noexcept { run_folder.set(run); }

}  // namespace binade::host
