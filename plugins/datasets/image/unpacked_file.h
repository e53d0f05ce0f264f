// A file's contents, unpacked if it is compressed with gzip, and otherwise memory-mapped.
#pragma once

#include <zlib.h>

#include <optional>
#include <string>
#include <string_view>

#include "../mapped_file.h"

class UnpackedFile {
 public:
  // Throws binade::Failure, also for a damaged gzip file.
  explicit UnpackedFile(std::filesystem::path path) : file_(std::move(path)) {
    if (file_.bytes().substr(0, 2) == "\x1F\x8B") unpacked_ = unpack();
  }

  std::string_view bytes() const { return unpacked_ ? std::string_view(*unpacked_) : file_.bytes(); }
  const unsigned char* data() const { return reinterpret_cast<const unsigned char*>(bytes().data()); }
  std::size_t size() const { return bytes().size(); }
  std::string name() const { return file_.name(); }
  // Reads a big-endian number.
  std::uint32_t big(std::size_t offset) const {
    const auto* const byte = data() + offset;
    return static_cast<std::uint32_t>(byte[0]) << 24u | byte[1] << 16u | byte[2] << 8u | byte[3];
  }

  // Throws binade::Failure (BINADE_BAD_DATA) if the contents are in a known other format.
  void refuse_other_formats(const std::string& expected) const {
    const auto complaint = known_format::complaint(name(), bytes(), size(), expected);
    if (!complaint.empty()) bad_data(complaint);
  }
  [[noreturn]] void bad_data(const std::string& reason) const { file_.bad_data(reason); }

 private:
  struct Inflation : z_stream {
    Inflation() : z_stream{} {
      constexpr int gzip = 16;
      if (inflateInit2(this, gzip + MAX_WBITS) != Z_OK) throw std::bad_alloc();
    }
    ~Inflation() { inflateEnd(this); }
    Inflation(const Inflation&) = delete;
    Inflation& operator=(const Inflation&) = delete;
  };

  std::string unpack() const {
    Inflation stream;
    std::string content;
    std::size_t at = 0, filled = 0;
    for (;;) {
      if (filled == content.size()) content.resize(std::max<std::size_t>(content.size() * 2, 1 << 16));
      constexpr std::size_t most = std::size_t{1} << 30;  // zlib counts with 32 bits
      const auto input = std::min(file_.size() - at, most), room = std::min(content.size() - filled, most);
      stream.next_in = const_cast<unsigned char*>(file_.data()) + at;
      stream.avail_in = static_cast<unsigned>(input);
      stream.next_out = reinterpret_cast<unsigned char*>(content.data()) + filled;
      stream.avail_out = static_cast<unsigned>(room);
      const int status = inflate(&stream, Z_NO_FLUSH);
      at += input - stream.avail_in;
      filled += room - stream.avail_out;
      if (status == Z_STREAM_END) {
        if (at == file_.size()) break;
        inflateReset(&stream);  // a gzip file may consist of several
      } else if (status == Z_BUF_ERROR || (status == Z_OK && at == file_.size() && stream.avail_out > 0)) {
        bad_data("damaged gzip file: it is truncated");
      } else if (status != Z_OK) {
        bad_data(std::string("damaged gzip file: ") + (stream.msg != nullptr ? stream.msg : "it is invalid"));
      }
    }
    content.resize(filled);
    return content;
  }

  MappedFile file_;
  std::optional<std::string> unpacked_;
};
