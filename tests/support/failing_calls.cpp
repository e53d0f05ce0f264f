#include "tests/support/failing_calls.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>

namespace {

FaultPlan planned;
int calls = 0;
bool exchange_is_forbidden = false, syncs_are_ignored = false;

bool hit(const char* call) {
  if (planned.fault == Fault::none || (planned.call != call && planned.call != "any")) return false;
  ++calls;
  return calls == planned.at || (planned.sticky && calls > planned.at);
}

int fail() {
  errno = planned.error;
  return -1;
}

// Only a write can be short.
bool fails(const char* call) { return hit(call) && planned.fault == Fault::error; }

int open_at(int folder, const char* path, int flags, mode_t mode) {
  return fails("open") ? fail() : static_cast<int>(syscall(SYS_openat, folder, path, flags, mode));
}

}  // namespace

int plan_fault(const FaultPlan& plan) {
  planned = plan;
  const int before = calls;
  calls = 0;
  return before;
}

void ignore_syncs(bool ignored) { syncs_are_ignored = ignored; }

void forbid_exchange(bool forbidden) { exchange_is_forbidden = forbidden; }

#pragma GCC visibility push(default)
extern "C" {

ssize_t write(int file, const void* data, size_t bytes) {
  if (hit("write")) {
    if (planned.fault == Fault::error) return fail();
    bytes = (bytes + 1) / 2;
  }
  return syscall(SYS_write, file, data, bytes);
}

ssize_t read(int file, void* data, size_t bytes) {
  return fails("read") ? fail() : syscall(SYS_read, file, data, bytes);
}

int fsync(int file) {
  if (fails("fsync")) return fail();
  return syncs_are_ignored ? 0 : static_cast<int>(syscall(SYS_fsync, file));
}

int ftruncate(int file, off_t bytes) noexcept {
  return fails("ftruncate") ? fail() : static_cast<int>(syscall(SYS_ftruncate, file, bytes));
}

int open(const char* path, int flags, ...) {
  std::va_list rest;
  va_start(rest, flags);
  const auto mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open_at(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
  std::va_list rest;
  va_start(rest, flags);
  const auto mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open_at(folder, path, flags, mode);
}

int close(int file) {
  const bool failed = fails("close");
  const auto result = static_cast<int>(syscall(SYS_close, file));
  return failed ? fail() : result;
}

int mkdir(const char* path, mode_t mode) noexcept {
  return fails("mkdir") ? fail() : static_cast<int>(syscall(SYS_mkdir, path, mode));
}

int unlink(const char* path) noexcept { return fails("unlink") ? fail() : static_cast<int>(syscall(SYS_unlink, path)); }

int unlinkat(int folder, const char* path, int flags) noexcept {
  return fails("unlink") ? fail() : static_cast<int>(syscall(SYS_unlinkat, folder, path, flags));
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned int flags) noexcept {
  if (fails("rename")) return fail();
  if (exchange_is_forbidden && flags != 0) {
    errno = EINVAL;
    return -1;
  }
  return static_cast<int>(syscall(SYS_renameat2, from_folder, from, to_folder, to, flags));
}

int rename(const char* from, const char* to) noexcept {
  return fails("rename") ? fail() : static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

dirent* readdir(DIR* folder) {
  static const auto next = reinterpret_cast<dirent* (*)(DIR*)>(dlsym(RTLD_NEXT, "readdir"));
  if (fails("readdir")) {
    errno = planned.error;
    return nullptr;
  }
  return next(folder);
}
}
#pragma GCC visibility pop
