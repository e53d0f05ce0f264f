// Decoded and resized pictures in a file, so that they need not be decoded again.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>

#include "../mapped_file.h"
#include "checked_files.h"
#include "parallel.h"

class PixelCache {
 public:
  // Opens the cache of `count` pictures of `bytes` bytes each, or creates it with make(i). `key` identifies their
  // contents. Throws what make() throws. If the cache cannot be written, it has no pictures, and `warn` is called.
  template <class Make, class Warn>
  PixelCache(const std::string& folder, const std::string& key, std::uint64_t count, std::size_t bytes,
             const Make& make, const Warn& warn)
      : bytes_(bytes) {
    if (folder.empty()) {
      warn("there is no cache folder, so pictures are not cached");
      return;
    }
    const auto name = hashed(key);
    const auto header = "binade pixels 1\n" + name + "\n";
    const auto path = std::filesystem::path(folder) / ("pixels-" + name + ".bin");
    begin_ = header.size();
    if (open(path, header, count)) return;
    NewFile file(folder);
    std::atomic<bool> written{file.write(header.data(), header.size(), 0)};
    if (written) {
      for_each_index(count, [&](std::uint64_t i) {
        const Picture picture = make(i);
        if (!file.write(picture.data(), bytes_, begin_ + i * bytes_)) written = false;
      });
    }
    if (written && file.replace(path) && open(path, header, count)) return;
    warn("pictures are not cached, because " + path.string() + " could not be written");
  }

  // The pixels of picture i, or nullptr.
  const unsigned char* operator[](std::uint64_t i) const {
    return file_ == nullptr ? nullptr : file_->data() + begin_ + i * bytes_;
  }

 private:
  bool open(const std::filesystem::path& path, const std::string& header, std::uint64_t count) {
    try {
      file_ = std::make_unique<MappedFile>(path);
    } catch (const binade::Failure&) {
      return false;
    }
    const bool whole = file_->size() == begin_ + count * bytes_ && file_->bytes().substr(0, begin_) == header;
    if (!whole) file_.reset();
    return whole;
  }

  std::size_t bytes_, begin_ = 0;
  std::unique_ptr<MappedFile> file_;
};
