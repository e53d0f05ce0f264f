#include "tests/storage/failing_calls.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>

namespace {

FaultPlan planned;
int calls = 0;

bool hit(const char* call) {
  if (planned.fault == Fault::none || planned.call != call) return false;
  ++calls;
  return calls == planned.at || (planned.sticky && calls > planned.at);
}

int fail() {
  errno = planned.error;
  return -1;
}

}  // namespace

int plan_fault(const FaultPlan& plan) {
  planned = plan;
  const int before = calls;
  calls = 0;
  return before;
}

extern "C" {

__attribute__((visibility("default"))) ssize_t write(int file, const void* data, size_t bytes) {
  if (hit("write")) {
    if (planned.fault == Fault::error) return fail();
    bytes = (bytes + 1) / 2;
  }
  return syscall(SYS_write, file, data, bytes);
}

__attribute__((visibility("default"))) int fsync(int file) {
  return hit("fsync") ? fail() : static_cast<int>(syscall(SYS_fsync, file));
}

__attribute__((visibility("default"))) int open(const char* path, int flags, ...) {
  std::va_list rest;
  va_start(rest, flags);
  const auto mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return hit("open") ? fail() : static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

__attribute__((visibility("default"))) int close(int file) {
  const bool failed = hit("close");
  const auto result = static_cast<int>(syscall(SYS_close, file));
  return failed ? fail() : result;
}

__attribute__((visibility("default"))) int mkdir(const char* path, mode_t mode) noexcept {
  return hit("mkdir") ? fail() : static_cast<int>(syscall(SYS_mkdir, path, mode));
}

__attribute__((visibility("default"))) int unlink(const char* path) noexcept {
  return hit("unlink") ? fail() : static_cast<int>(syscall(SYS_unlink, path));
}

__attribute__((visibility("default"))) int rename(const char* from, const char* to) noexcept {
  return hit("rename") ? fail() : static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}
}
