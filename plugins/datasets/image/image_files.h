// Files of labelled 8-bit images: IDX (MNIST and similar datasets), and CIFAR-10 and CIFAR-100 in their binary
// versions; each may be compressed with gzip.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "unpacked_file.h"

struct ImageShape {
  std::int64_t channels, height, width;
  std::size_t size() const { return static_cast<std::size_t>(channels * height * width); }
  std::string text() const {
    return std::to_string(channels) + " x " + std::to_string(height) + " x " + std::to_string(width);
  }
};

// The images of one file or pair of files. Image i is at `pixels + i * pixel_stride`, by channel, then by row.
struct ImagePart {
  std::uint64_t end;  // number of images up to the last of this part
  std::uint64_t count;
  const unsigned char *pixels, *labels;
  std::size_t pixel_stride, label_stride;
  const UnpackedFile* label_file;  // for messages
};

// The images of one split.
class ImageFiles {
 public:
  // Throws binade::Failure if the files are not IDX or do not belong together.
  void add_idx(const std::string& images, const std::string& labels) {
    const auto& image_file = open(images, "IDX was expected");
    const auto& label_file = open(labels, "IDX was expected");
    const auto count = check_idx(image_file, 3, "images"), label_count = check_idx(label_file, 1, "labels");
    if (count != label_count) {
      label_file.bad_data(std::to_string(label_count) + " labels; " + image_file.name() + " has " +
                          std::to_string(count) + " images: are they a pair?");
    }
    shape_ = {1, image_file.big(8), image_file.big(12)};
    add({0, count, image_file.data() + 16, label_file.data() + 8, shape_.size(), 1, &label_file});
  }

  // Records consist of `label_bytes` labels, of which the last is used, and 3072 pixels.
  // Throws binade::Failure if the file does not consist of such records.
  void add_cifar(const std::string& path, std::size_t label_bytes) {
    const auto& file = open(path, "the binary version of CIFAR was expected");
    shape_ = {3, 32, 32};
    const auto record = label_bytes + shape_.size();
    if (file.size() == 0 || file.size() % record != 0) {
      file.bad_data(std::to_string(file.size()) + " bytes; records of " + std::to_string(record) +
                    " bytes were expected (" + (label_bytes == 1 ? "CIFAR-10" : "CIFAR-100") +
                    ", binary version): is the file truncated or in another format?");
    }
    const auto* const labels = file.data() + label_bytes - 1;
    add({0, file.size() / record, labels + 1, labels, record, record, &file});
  }

  std::uint64_t size() const { return parts_.empty() ? 0 : parts_.back().end; }
  const ImageShape& shape() const { return shape_; }
  const std::vector<ImagePart>& parts() const { return parts_; }

  struct Image {
    const unsigned char* pixels;
    unsigned char label;
  };
  Image operator[](std::uint64_t index) const {
    const auto part = std::upper_bound(parts_.begin(), parts_.end(), index,
                                       [](std::uint64_t wanted, const ImagePart& part) { return wanted < part.end; });
    const auto position = index - (part->end - part->count);
    return {part->pixels + position * part->pixel_stride, part->labels[position * part->label_stride]};
  }

  int largest_label() const {
    int largest = 0;
    for (const auto& part : parts_) {
      for (std::uint64_t i = 0; i < part.count; ++i)
        largest = std::max<int>(largest, part.labels[i * part.label_stride]);
    }
    return largest;
  }
  // Throws binade::Failure if a label is not less than `classes`.
  void check_labels(std::int64_t classes) const {
    for (const auto& part : parts_) {
      for (std::uint64_t i = 0; i < part.count; ++i) {
        const int label = part.labels[i * part.label_stride];
        if (label < classes) continue;
        part.label_file->bad_data("sample " + std::to_string(i) + " (from 0) has the label " + std::to_string(label) +
                                  "; with " + std::to_string(classes) + " classes it must be less than that");
      }
    }
  }

 private:
  const UnpackedFile& open(const std::string& path, const char* expected) {
    const auto& file = files_.emplace_back(path);
    file.refuse_other_formats(expected);
    return file;
  }

  // Returns the number of entries of an IDX file of bytes with that many dimensions.
  static std::uint64_t check_idx(const UnpackedFile& file, std::uint32_t dimensions, const std::string& what) {
    const std::size_t header = 4 + 4 * dimensions;
    const auto magic = 0x0800 + dimensions;
    if (file.size() < header) {
      file.bad_data(std::to_string(file.size()) + " bytes; a header of " + std::to_string(header) +
                    " bytes was expected (IDX, " + what + ")");
    }
    if (file.big(0) != magic) {
      const auto other = what == "images" ? "labels" : "images";
      const bool swapped = file.big(0) == (what == "images" ? 0x0801U : 0x0803U);
      file.bad_data("the file begins with the number " + std::to_string(file.big(0)) + "; IDX with " + what +
                    " begins with " + std::to_string(magic) +
                    (swapped ? std::string(": this file holds ") + other + "; were two options swapped?" : ""));
    }
    std::uint64_t entry = 1;
    for (std::uint32_t dimension = 1; dimension < dimensions; ++dimension) {
      const auto extent = file.big(4 + 4 * dimension);
      if (extent == 0 || extent > 65536) {
        file.bad_data("the header says that images have " + std::to_string(extent) +
                      (dimension == 1 ? " rows" : " columns") + "; 1 to 65536 were expected");
      }
      entry *= extent;
    }
    const std::uint64_t count = file.big(4), bytes = file.size() - header;
    if (count * entry != bytes) {
      file.bad_data("the header announces " + std::to_string(count) + " " + what + ", so " +
                    std::to_string(count * entry) + " bytes after it; there are " + std::to_string(bytes) +
                    (bytes < count * entry ? ": the file is truncated" : ""));
    }
    return count;
  }

  void add(ImagePart part) {
    part.end = size() + part.count;
    parts_.push_back(part);
  }

  std::deque<UnpackedFile> files_;  // a deque: parts point into it
  std::vector<ImagePart> parts_;
  ImageShape shape_{};
};
