// A file as memory, read from the disk where it is touched. Who shortens the file while it is mapped ends the process.
#pragma once

#include <binade/options.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>

class MappedFile {
 public:
  // Throws binade::Failure, BINADE_NOT_FOUND or BINADE_BAD_DATA, with the system's reason.
  explicit MappedFile(std::filesystem::path path) : path_(std::move(path)) {
    const int file = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) fail(errno);
    struct stat status {};
    int reason = ::fstat(file, &status) == 0 ? 0 : errno;
    if (reason == 0 && !S_ISREG(status.st_mode)) reason = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    size_ = static_cast<std::size_t>(status.st_size);
    if (reason == 0 && size_ > 0) {  // nothing cannot be mapped
      data_ = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file, 0);
      if (data_ == MAP_FAILED) {
        reason = errno;
        data_ = nullptr;
      }
    }
    ::close(file);
    if (reason != 0) fail(reason);
  }
  ~MappedFile() {
    if (data_ != nullptr) ::munmap(data_, size_);
  }
  MappedFile(MappedFile&& other) noexcept
      : path_(std::move(other.path_)), data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  MappedFile& operator=(MappedFile&&) = delete;

  const unsigned char* data() const { return static_cast<const unsigned char*>(data_); }
  std::size_t size() const { return size_; }
  std::string name() const { return path_.string(); }

  // Little-endian, at any byte.
  std::uint32_t little(std::size_t offset) const {
    const auto* byte = data() + offset;
    return byte[0] | byte[1] << 8u | byte[2] << 16u | static_cast<std::uint32_t>(byte[3]) << 24u;
  }
  // Big-endian.
  std::uint32_t big(std::size_t offset) const {
    const auto* byte = data() + offset;
    return static_cast<std::uint32_t>(byte[0]) << 24u | byte[1] << 16u | byte[2] << 8u | byte[3];
  }

  // Throws binade::Failure (BINADE_BAD_DATA): the file's name, and what is wrong with it.
  [[noreturn]] void bad_data(const std::string& reason) const {
    throw binade::Failure(BINADE_BAD_DATA, name() + ": " + reason);
  }

 private:
  [[noreturn]] void fail(int reason) const {
    throw binade::Failure(reason == ENOENT ? BINADE_NOT_FOUND : BINADE_BAD_DATA,
                          name() + ": cannot be read: " + std::strerror(reason));
  }

  std::filesystem::path path_;
  void* data_ = nullptr;
  std::size_t size_ = 0;
};
