// Images of one extent in one file: IDX and CIFAR.
#pragma once

#include <algorithm>

#include "../input_files.h"
#include "image_files.h"
#include "source.h"

class RawImages : public Source {
 public:
  // `format` is idx, cifar10 or cifar100, or cifar to tell the latter two by their files' sizes.
  RawImages(const binade::Options& options, const binade::Host& host, const std::string& format) {
    if (format == "idx") {
      open_idx(options);
    } else {
      open_cifar(options, host, format);
    }
    if (train_.size() == 0) throw binade::Failure(BINADE_BAD_DATA, "there are no images in the training files");
    set_channels(static_cast<int>(train_.shape().channels));
    if (classes() == 0) set_classes(train_.largest_label() + 1);
    if (options.has("classes")) set_classes(options.integer("classes"));
    train_.check_labels(classes());
    validation_.check_labels(classes());
    add("train", train_);
    if (validation_.size() > 0) add("validation", validation_);
  }

  Picture load(std::size_t split, std::uint64_t index) const override {
    Picture picture(channels(), extent(split, index));
    std::copy_n(files(split)[index].pixels, picture.size(), picture.data());
    return picture;
  }
  Extent extent(std::size_t, std::uint64_t) const override {
    return {static_cast<int>(train_.shape().height), static_cast<int>(train_.shape().width)};
  }
  std::string name(std::size_t split, std::uint64_t index) const override {
    return "image " + std::to_string(index) + " (from 0) of " + splits()[split].name;
  }

 private:
  const ImageFiles& files(std::size_t split) const { return split == 0 ? train_ : validation_; }

  void add(const char* name, const ImageFiles& files) {
    std::vector<std::int64_t> labels(files.size());
    for (std::size_t index = 0; index < labels.size(); ++index) labels[index] = files[index].label;
    add_split({name, std::move(labels)});
  }

  void open_idx(const binade::Options& options) {
    train_.add_idx(options.path("images"), options.path("labels"));
    if (options.has("validation_images") != options.has("validation_labels")) {
      throw std::invalid_argument("`validation_images` and `validation_labels` belong together: set both or neither");
    }
    if (!options.has("validation_images")) return;
    const auto name = options.path("validation_images");
    input_files::refuse_shared({options.path("images")}, {name}, "`images` and in `validation_images`");
    validation_.add_idx(name, options.path("validation_labels"));
    const auto &here = validation_.shape(), &there = train_.shape();
    if (here.height == there.height && here.width == there.width) return;
    throw binade::Failure(BINADE_BAD_DATA,
                          name + ": its images are " + here.text() + ", the training images " + there.text());
  }

  void open_cifar(const binade::Options& options, const binade::Host& host, std::string format) {
    const auto files = input_files::find(options.paths("paths"), kind, host);
    if (format == "cifar") format = cifar_format(files);
    const std::size_t label_bytes = format == "cifar100" ? 2 : 1;
    set_classes(format == "cifar100" ? 100 : 10);
    for (const auto& file : files) train_.add_cifar(file.string(), label_bytes);
    if (!options.has("validation_paths")) return;
    const auto others = input_files::find(options.paths("validation_paths"), kind, host, "validation_paths");
    input_files::refuse_shared(files, others, "`paths` and in `validation_paths`");
    for (const auto& file : others) validation_.add_cifar(file.string(), label_bytes);
  }

  // Records of CIFAR-10 have 3073 bytes, those of CIFAR-100 3074.
  static std::string cifar_format(const input_files::Files& files) {
    const auto all = [&](std::size_t record) {
      return std::all_of(files.begin(), files.end(), [&](const auto& file) {
        const auto size = UnpackedFile(file).size();
        return size > 0 && size % record == 0;
      });
    };
    const bool ten = all(3073), hundred = all(3074);
    if (ten != hundred) return ten ? "cifar10" : "cifar100";
    throw binade::Failure(BINADE_BAD_DATA, files.front().string() +
                                               ": its size does not tell whether it is CIFAR-10 or CIFAR-100, binary "
                                               "version: set `format`");
  }

  static constexpr input_files::Kind kind = {[](const std::filesystem::path&, std::string&) { return false; },
                                             "training file by default: name files, or a glob such as "
                                             "data_batch_*.bin"};

  ImageFiles train_, validation_;
};
