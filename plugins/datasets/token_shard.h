// A file of tokens, which are unsigned 16-bit little-endian numbers, in one of two formats:
//
//   nanogpt  only tokens
//   llmc     a header of 256 32-bit numbers (20240520, version 1, number of tokens, zeros), then tokens
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "mapped_file.h"
#include "token_width.h"

class TokenShard {
 public:
  // `format` is "auto", "nanogpt" or "llmc". Throws binade::Failure if the file is not in that format.
  TokenShard(const std::filesystem::path& path, const std::string& format) : file_(path) {
    file_.refuse_other_formats("a file of 16-bit tokens only was expected, as numpy's tofile() writes it");
    const auto first = file_.size() >= 4 ? file_.little(0) : 0;
    if (format == "auto" && first == llama_magic) {
      file_.bad_data("this is llm.c's format for 32-bit tokens (Llama 3); only 16-bit tokens (GPT-2) are supported");
    }
    const bool header = format == "llmc" || (format == "auto" && first == magic);
    if (header) check_header();
    offset_ = header ? header_size : 0;
    if (file_.size() % 2 != 0) {
      file_.bad_data(std::to_string(file_.size()) + " bytes, an odd number; 16-bit tokens have two bytes each");
    }
  }

  const std::uint16_t* tokens() const { return reinterpret_cast<const std::uint16_t*>(file_.data() + offset_); }
  std::uint64_t size() const { return (file_.size() - offset_) / 2; }
  const MappedFile& file() const { return file_; }

  // Returns what the file seems to hold instead of 16-bit tokens, or an empty string.
  std::string doubt() const {
    if (offset_ == 0 && file_.size() >= header_size && file_.little(0) == magic && file_.little(4) == version) {
      return "it begins with the header of llm.c's format, which would be read as 512 tokens: set format = \"llmc\"";
    }
    const auto verdict = BytePlaces(file_.data() + offset_, file_.size() - offset_).verdict();
    return verdict.empty() ? verdict
                           : "these look like " + verdict +
                                 "; 16-bit tokens, least significant byte first, were expected (numpy's uint16)";
  }

  // The largest token, 0 if the file is empty. Reads the whole file.
  std::uint16_t largest() const {
    std::uint16_t largest = 0;
    for (const auto* token = tokens(); token != tokens() + size(); ++token) largest = std::max(largest, *token);
    return largest;
  }
  // Throws binade::Failure if a token is not less than `vocab_size`. Reads the whole file.
  void check(std::int64_t vocab_size) const {
    if (largest() < vocab_size) return;
    const auto* const wrong =
        std::find_if(tokens(), tokens() + size(), [&](std::uint16_t token) { return token >= vocab_size; });
    file_.bad_data("token " + std::to_string(*wrong) + " at position " + std::to_string(wrong - tokens()) +
                   " (from 0); all must be less than `vocab_size`, which is " + std::to_string(vocab_size));
  }

 private:
  static constexpr std::uint32_t magic = 20240520, llama_magic = 20240801, version = 1;
  static constexpr std::size_t header_size = 1024;

  void check_header() const {
    if (file_.size() < header_size) {
      file_.bad_data(std::to_string(file_.size()) + " bytes; a header of 1024 bytes was expected (format \"llmc\")");
    }
    if (file_.little(0) != magic) {
      file_.bad_data("the file begins with the number " + std::to_string(file_.little(0)) +
                     ", llm.c's header with 20240520; if it has no header, set format = \"nanogpt\"");
    }
    if (file_.little(4) != version) {
      file_.bad_data("the header names version " + std::to_string(file_.little(4)) + "; version 1 was expected");
    }
    const std::uint64_t count = file_.little(8), bytes = file_.size() - header_size;
    if (count * 2 != bytes) {
      file_.bad_data("the header announces " + std::to_string(count) + " tokens, so " + std::to_string(count * 2) +
                     " bytes after it; there are " + std::to_string(bytes) +
                     (count * 4 == bytes
                          ? ": four per token, so these are 32-bit tokens, and only 16-bit tokens are supported"
                          : ": is the file truncated?"));
    }
  }

  MappedFile file_;
  std::size_t offset_ = 0;
};
