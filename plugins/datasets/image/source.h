// Where pictures and their labels come from.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "picture.h"

class Source {
 public:
  struct Split {
    std::string name;
    std::vector<std::int64_t> labels;
  };

  Source() = default;
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  // "train" is the first one.
  const std::vector<Split>& splits() const { return splits_; }
  // Every label is less.
  std::int64_t classes() const { return classes_; }
  // 1 or 3, unless `color` says otherwise.
  int channels() const { return channels_; }
  // "2 classes: 0 = daisy, 1 = rose" if their names are known, else "2 classes".
  virtual std::string listed_classes() const { return std::to_string(classes_) + " classes"; }

  // Safe on several threads at once. Throws binade::Failure with the file's name.
  virtual Picture load(std::size_t split, std::uint64_t index) const = 0;
  virtual Extent extent(std::size_t split, std::uint64_t index) const = 0;
  // The file, for messages.
  virtual std::string name(std::size_t split, std::uint64_t index) const = 0;
  // Identifies the contents of all files, if they are cheap enough to identify and slow enough to decode.
  virtual std::optional<std::string> fingerprint() const { return std::nullopt; }

  // One number for each sample, equal for equal values; "" is the label. Throws std::invalid_argument.
  virtual std::vector<std::int64_t> keys(std::size_t split, std::string_view column) const {
    if (column.empty() || column == "label") return splits_[split].labels;
    throw std::invalid_argument("these images have no column `" + std::string(column) + "`: only `label`");
  }

 protected:
  void add_split(Split split) { splits_.push_back(std::move(split)); }
  void set_classes(std::int64_t classes) { classes_ = classes; }
  void set_channels(int channels) { channels_ = channels; }

 private:
  std::vector<Split> splits_;
  std::int64_t classes_ = 0;
  int channels_ = 3;
};
