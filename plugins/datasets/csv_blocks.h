// Reads a CSV file in blocks of whole records, and divides each block for several threads.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "csv_reader.h"
#include "regular_file.h"
#include "text_form.h"

// Whole records, beginning on a line of the file.
struct CsvPart {
  std::string_view text;
  std::uint64_t line;
};

class CsvBlocks {
 public:
  // `size` is the size of a block in bytes; it grows for records that are longer.
  CsvBlocks(const std::filesystem::path& path, char delimiter, std::size_t size)
      : file_(path), delimiter_(delimiter), size_(std::min(size, file_.size() + 1)) {}

  // Reads the next block and divides it into at most `most` parts of at least `least` bytes. Returns no part at the
  // end. The parts are valid until the next call.
  std::vector<CsvPart> next(std::size_t most, std::size_t least) {
    std::size_t end = 0;
    do {
      if (!fill()) break;
      end = ended_ ? text().size() : last_boundary();
    } while (end == 0 && !ended_);
    const auto block = text().substr(0, end);
    consumed_ += end;
    return divided(block, std::clamp<std::size_t>(block.size() / std::max<std::size_t>(least, 1), 1, most));
  }
  // The size of the file in bytes.
  std::size_t size() const { return file_.size(); }

 private:
  std::string_view text() const { return std::string_view(buffer_).substr(consumed_, filled_ - consumed_); }

  // Moves the rest of the last block to the front and reads more. Returns false if there is nothing left.
  bool fill() {
    if (ended_) return !text().empty();
    std::memmove(buffer_.data(), buffer_.data() + consumed_, filled_ - consumed_);
    filled_ -= consumed_;
    consumed_ = 0;
    if (filled_ >= size_) size_ *= 2;  // a record is longer than a block
    buffer_.resize(size_);
    while (filled_ < size_) {
      const auto got = ::read(file_.descriptor(), buffer_.data() + filled_, size_ - filled_);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) file_.fail(errno);
      ended_ = got == 0;
      if (ended_) break;
      filled_ += static_cast<std::size_t>(got);
    }
    if (first_) {
      first_ = false;
      consumed_ = filled_ - text_form::without_mark(text()).size();
    }
    return filled_ > consumed_;
  }

  // Returns where the last whole record of the text ends; 0 if there is none.
  std::size_t last_boundary() const {
    const auto all = text();
    if (all.find('"') == all.npos) return all.rfind('\n') + 1;
    std::size_t end = 0;
    for (auto at = record_end(all, 0, delimiter_); at != all.npos; at = record_end(all, at, delimiter_)) end = at;
    return end;
  }

  std::vector<CsvPart> divided(std::string_view block, std::size_t count) {
    std::vector<CsvPart> parts;
    const bool quotes = block.find('"') != block.npos;
    std::size_t begin = 0, scanned = 0;
    for (std::size_t part = 1; begin < block.size(); ++part) {
      auto end = block.size();
      if (part < count) {
        const auto wanted = std::max(begin + 1, block.size() * part / count);
        if (quotes) {
          while (scanned < wanted) scanned = std::min(record_end(block, scanned, delimiter_), block.size());
          end = scanned;
        } else {
          end = std::min(block.find('\n', wanted - 1), block.size() - 1) + 1;
        }
      }
      const auto text = block.substr(begin, end - begin);
      parts.push_back({text, line_});
      line_ += static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
      begin = end;
    }
    return parts;
  }

  RegularFile file_;
  char delimiter_;
  std::size_t size_;
  std::string buffer_;
  std::size_t consumed_ = 0, filled_ = 0;  // the text is what lies between
  std::uint64_t line_ = 1;                 // on which the text begins
  bool first_ = true, ended_ = false;
};
