#include "tests/storage/failing_calls.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

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

__attribute__((visibility("default"))) int rename(const char* from, const char* to) noexcept {
  return hit("rename") ? fail() : static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}
}
