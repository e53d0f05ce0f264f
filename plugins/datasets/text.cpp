// Text as windows of tokens, with one field "tokens", int64 [sequence_length]. The task shifts the targets.
#include <binade/dataset.h>

#include <algorithm>
#include <cstdio>

#include "input_files.h"
#include "known_format.h"
#include "read_file.h"
#include "text_form.h"
#include "utf8.h"
#include "windows.h"

namespace {

// Collects the code points that occur and then numbers them in sorted order.
class Vocabulary {
 public:
  Vocabulary() : ids_(0x110000, 0) {}
  void see(std::uint32_t code_point) { ids_[code_point] = 1; }
  void number() {
    for (auto& id : ids_) {
      if (id != 0) id = size_++;
    }
  }
  std::uint32_t operator[](std::uint32_t code_point) const { return ids_[code_point]; }
  std::uint32_t size() const { return size_; }

 private:
  std::vector<std::uint32_t> ids_;
  std::uint32_t size_ = 0;
};

void see_characters(const std::string& text, const std::filesystem::path& file, Vocabulary& vocabulary) {
  for (std::size_t position = 0; position < text.size();) {
    const auto [value, size] = decode_utf8(text, position);
    if (size == 0) {
      throw binade::Failure(BINADE_BAD_DATA, file.string() + ": invalid UTF-8 at byte " + std::to_string(position) +
                                                 " (from 0): convert the file, or set encoding = \"bytes\"");
    }
    vocabulary.see(value);
    position += size;
  }
}

// Detects files that are readable as bytes but may not be the intended text.
class Forms {
 public:
  // Throws binade::Failure (BINADE_BAD_DATA) if `characters` are wanted and the file is not UTF-8 text.
  void look_at(const std::filesystem::path& file, const std::string& text, bool characters) {
    const auto name = file.string();
    auto complaint = text_form::complaint(name, text);
    if (const auto* const format = known_format::find(text, text.size(), false); format != nullptr) {
      complaint = known_format::complaint(name, text, text.size(), "text was expected");
    }
    if (!complaint.empty() && characters) throw binade::Failure(BINADE_BAD_DATA, name + ": " + complaint);
    if (complaint.empty() && text.find('\0') != std::string::npos) complaint = "it contains NUL bytes";
    if (complaint.empty() && text.find('\r') != std::string::npos && text.find('\n') == std::string::npos) {
      complaint = "its lines end with only a carriage return (CR), as on old Macs: `tr '\\r' '\\n'` converts it";
    }
    if (complaint.empty()) return;
    ++count_;
    if (first_.empty()) first_ = name + ": " + complaint;
  }

  void tell(const binade::Host& host) const {
    if (count_ == 0) return;
    host.warning(
        first_ + "; it is read unchanged" +
        (count_ == 1 ? "" : ", and so are " + std::to_string(count_ - 1) + " more files that are not plain text"));
  }

 private:
  std::size_t count_ = 0;
  std::string first_;
};

// 0.1 as "0.1"
std::string short_text(double number) {
  char text[32];
  std::snprintf(text, sizeof(text), "%g", number);
  return text;
}

class Text {
 public:
  Text(const binade::Options& options, const binade::Host& host)
      : length_(static_cast<std::uint64_t>(options.integer("sequence_length"))) {
    const bool characters = options.string("encoding") == "characters";
    const auto files = input_files::find(options.paths("paths"), input_files::text, host);
    Vocabulary vocabulary;
    Forms forms;
    for (const auto& file : files) {
      auto text = read_file(file);
      if (text_form::without_mark(text).size() < text.size()) text.erase(0, text_form::byte_order_mark.size());
      forms.look_at(file, text, characters);
      if (!text.empty() && text.back() != '\n') text.push_back('\n');
      if (characters) see_characters(text, file, vocabulary);
      bytes_ += text;
    }
    forms.tell(host);
    if (characters) number_characters(vocabulary);
    split(options, files, characters);
    host.info(std::to_string(files.size()) + (files.size() == 1 ? " file, " : " files, ") + std::to_string(size()) +
              (characters ? " characters, " : " bytes, ") + std::to_string(vocabulary_size_) + " different tokens");
  }

  binade::Description describe() const {
    const auto length = static_cast<std::int64_t>(length_);
    binade::Description description;
    description.split("train", train_.count);
    if (validation_.count > 0) description.split("validation", validation_.count);
    description.field<std::int64_t>("tokens", {length});
    description.fact("vocab_size", vocabulary_size_).fact("sequence_length", length);
    description.fact("loss", "next_token").fact("target", "tokens");
    return description;  // not independent: neighbouring windows continue each other
  }

  void read(const binade::Sample& sample) const {
    const auto tokens = sample.field<std::int64_t>(0);
    const auto copy = [&](const auto* begin) { std::copy(begin, begin + length_, tokens.data()); };
    const auto start = (sample.split() == 0 ? train_ : validation_).start(sample.index());
    if (characters_.empty()) {
      copy(reinterpret_cast<const unsigned char*>(bytes_.data()) + start);
    } else {
      copy(characters_.data() + start);
    }
  }

 private:
  std::uint64_t size() const { return characters_.empty() ? bytes_.size() : characters_.size(); }

  void number_characters(Vocabulary& vocabulary) {
    vocabulary.number();
    vocabulary_size_ = vocabulary.size();
    if (vocabulary_size_ > 65536) {
      throw binade::Failure(BINADE_BAD_DATA, "the text has " + std::to_string(vocabulary_size_) +
                                                 " different characters, at most 65536 are supported: set encoding = "
                                                 "\"bytes\"");
    }
    for (std::size_t position = 0; position < bytes_.size();) {
      const auto [value, size] = decode_utf8(bytes_, position);
      characters_.push_back(static_cast<std::uint16_t>(vocabulary[value]));
      position += size;
    }
    bytes_ = {};
  }

  void split(const binade::Options& options, const std::vector<std::filesystem::path>& files, bool characters) {
    const auto stride = options.has("stride") ? static_cast<std::uint64_t>(options.integer("stride")) : length_;
    const auto unit = characters ? " characters" : " bytes";
    const auto need = std::string("less than one sample: provide more text, or a `sequence_length` below ");
    const auto source = files.size() == 1 ? files.front().string()
                                          : files.front().string() + " and " + std::to_string(files.size() - 1) +
                                                (files.size() == 2 ? " other file" : " other files");
    const auto bad_data = [&](const std::string& reason) {
      throw binade::Failure(BINADE_BAD_DATA, source + ": " + reason);
    };
    if (size() == 0) bad_data("contains no text");
    if (size() < length_) bad_data(std::to_string(size()) + unit + ", " + need + std::to_string(length_));

    const auto share = options.number("validation");
    const auto validation = held_back(size(), share, length_), train = size() - validation;
    const auto parts = std::to_string(size()) + unit + ", of which `validation` = " + short_text(share);
    if (share > 0 && validation == 0) {
      bad_data(parts + " is " + need + std::to_string(length_) + ", or a larger `validation`");
    }
    if (train < length_) {
      bad_data(parts + " leaves " + std::to_string(train) + " to train on, " + need + std::to_string(length_) +
               ", or a smaller `validation`");
    }
    train_ = windows_within(0, train, length_, stride);
    validation_ = {train - 1, length_ - 1, validation / (length_ - 1)};
  }

  std::uint64_t length_;  // of a window, in tokens
  Windows train_, validation_;
  std::string bytes_;  // the text, unless it is kept as characters
  std::vector<std::uint16_t> characters_;
  std::int64_t vocabulary_size_ = 256;
};

}  // namespace

BINADE_DATASET(Text)
