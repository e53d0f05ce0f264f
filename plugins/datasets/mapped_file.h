// A memory-mapped file. Truncating the file while it is mapped crashes the process.
#pragma once

#include <sys/mman.h>

#include <cstdint>
#include <utility>

#include "known_format.h"
#include "regular_file.h"

class MappedFile {
 public:
  // Throws binade::Failure, BINADE_NOT_FOUND or BINADE_BAD_DATA, with the system's reason.
  explicit MappedFile(std::filesystem::path path) : path_(std::move(path)) {
    const RegularFile file(path_);
    size_ = file.size();
    if (size_ == 0) return;  // an empty file cannot be mapped
    data_ = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.descriptor(), 0);
    if (data_ == MAP_FAILED) {
      data_ = nullptr;
      file.fail(errno);
    }
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
  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

  // Reads a little-endian number at any offset.
  std::uint32_t little(std::size_t offset) const {
    const auto* byte = data() + offset;
    return byte[0] | byte[1] << 8u | byte[2] << 16u | static_cast<std::uint32_t>(byte[3]) << 24u;
  }
  // Reads a big-endian number at any offset.
  std::uint32_t big(std::size_t offset) const {
    const auto* byte = data() + offset;
    return static_cast<std::uint32_t>(byte[0]) << 24u | byte[1] << 16u | byte[2] << 8u | byte[3];
  }

  // Throws binade::Failure (BINADE_BAD_DATA) if the file is in a known other format. The message ends with `expected`.
  void refuse_other_formats(const std::string& expected) const {
    const auto complaint = known_format::complaint(name(), bytes(), size(), expected);
    if (!complaint.empty()) bad_data(complaint);
  }

  // Throws binade::Failure (BINADE_BAD_DATA) with the file's name and the reason.
  [[noreturn]] void bad_data(const std::string& reason) const {
    throw binade::Failure(BINADE_BAD_DATA, name() + ": " + reason);
  }

 private:
  std::filesystem::path path_;
  void* data_ = nullptr;
  std::size_t size_ = 0;
};
