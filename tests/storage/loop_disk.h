// An ext4 file system in a file, with simulated power failures that lose everything that is not durable.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

#include "tests/support/temporary_folder.h"

class LoopDisk {
 public:
  // Throws std::runtime_error with the reason if this machine does not allow it. Gives the process its own mount
  // namespace.
  LoopDisk() {
    if (unshare(CLONE_NEWNS) != 0) refuse("mounts of its own (CAP_SYS_ADMIN)", errno);
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) refuse("mounts of its own", errno);
    std::filesystem::create_directory(mount_point());
    const auto image = (folder_ / "image").string();
    if (truncate_to(image, 48 << 20) != 0) refuse("a file of 48 MB", errno);
    run("mkfs.ext4 -q -F " + image);
    run(mount_command());
  }
  ~LoopDisk() { umount2(mount_point().c_str(), MNT_DETACH); }
  LoopDisk(const LoopDisk&) = delete;
  LoopDisk& operator=(const LoopDisk&) = delete;

  std::filesystem::path mount_point() const { return folder_ / "disk"; }

  // Makes all further calls fail, without writing the journal.
  void cut_power() const {
    constexpr unsigned long shutdown = _IOR('X', 125, std::uint32_t);  // EXT4_IOC_SHUTDOWN
    std::uint32_t no_log_flush = 2;
    const int file = open(mount_point().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int result = file < 0 ? -1 : ioctl(file, shutdown, &no_log_flush);
    const int error = errno;
    if (file >= 0) close(file);
    if (result != 0) refuse("EXT4_IOC_SHUTDOWN", error);
  }
  // Mounts it again, as after a restart. No process may have a file open on it.
  void restore_power() const {
    if (umount2(mount_point().c_str(), 0) != 0) refuse("umount", errno);
    run(mount_command());
  }

 private:
  [[noreturn]] static void refuse(const std::string& what, int error) {
    throw std::runtime_error("this machine forbids " + what + ": " + std::generic_category().message(error));
  }
  static int truncate_to(const std::string& path, off_t bytes) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return -1;
    const int result = posix_fallocate(file, 0, bytes);
    close(file);
    errno = result;
    return result;
  }
  static void run(const std::string& command) {
    if (std::system((command + " >/dev/null 2>&1").c_str()) != 0) {  // NOLINT: a fixed command
      throw std::runtime_error("this machine forbids `" + command.substr(0, command.find(' ')) + "`: " + command);
    }
  }
  // A long commit interval, so that nothing becomes durable without a sync.
  std::string mount_command() const {
    return "mount -t ext4 -o loop,commit=60,noauto_da_alloc " + (folder_ / "image").string() + " " +
           mount_point().string();
  }

  TemporaryFolder folder_{TemporaryFolder::in_memory()};
};
