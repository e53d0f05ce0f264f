// An input stream of a regular file.
#pragma once

#include <array>
#include <filesystem>
#include <istream>
#include <streambuf>

#include "host/base/regular_file.h"

namespace binade::host {

class FileStream : public std::istream {
 public:
  // Throws std::runtime_error like require_to_read(). A failed read sets badbit.
  explicit FileStream(const std::filesystem::path& path);

 private:
  class Buffer : public std::streambuf {
   public:
    explicit Buffer(Descriptor file) : file_(std::move(file)) {}

   protected:
    int_type underflow() override;

   private:
    Descriptor file_;
    std::array<char, 1 << 16> block_{};
  };

  Buffer buffer_;
};

}  // namespace binade::host
