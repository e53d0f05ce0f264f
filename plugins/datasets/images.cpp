// Labelled images with the fields "image", float32 [channels, height, width], and "label". Files are memory-mapped.
#include <binade/dataset.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "image_files.h"
#include "input_files.h"

namespace {

constexpr input_files::Kind no_folder = {[](const std::filesystem::path&, std::string&) { return false; },
                                         "training file by default: name files, or a glob such as data_batch_*.bin"};

// The normalized value of each pixel value, for each channel.
using Shades = std::vector<std::array<float, 256>>;

class Images {
 public:
  Images(const binade::Options& options, const binade::Host& host)
      : host_(host),
        normalize_(options.boolean("normalize")),
        flip_(options.boolean("flip")),
        padding_(options.integer("crop_padding")) {
    const auto format = options.string("format");
    if (format == "idx") {
      open_idx(options);
    } else {
      open_cifar(options, host, format == "cifar100" ? 2 : 1);
    }
    const bool known = format != "idx";
    classes_ = options.has("classes") ? options.integer("classes")
               : known                ? (format == "cifar10" ? 10 : 100)
                                      : train_.largest_label() + 1;
    train_.check_labels(classes_);
    validation_.check_labels(classes_);
    if (train_.size() == 0) throw binade::Failure(BINADE_BAD_DATA, "there are no images in the training files");
    if (const auto label = train_.only_label(); label && train_.size() > 1) {
      host.warning("every training image has the label " + std::to_string(*label) + ", so there is nothing to learn");
    }
    check_normalization(options);
    host.info(std::to_string(train_.size()) + " images" +
              (validation_.size() > 0 ? ", and " + std::to_string(validation_.size()) + " to validate" : "") + ", " +
              text(shape()) + ", " + std::to_string(classes_) + " classes");
  }

  // `normalize` must not see the samples that are held back, so it waits for this call.
  void fit(std::uint32_t, const binade::Indices& indices) {
    if (normalize_) measure_shades(indices);
  }

  std::vector<std::int64_t> keys(std::uint32_t split, std::string_view column) const {
    if (!column.empty() && column != "label") {
      refuse("these images have no column `" + std::string(column) + "`: only `label`");
    }
    const auto& files = split == 0 ? train_ : validation_;
    std::vector<std::int64_t> labels(files.size());
    for (std::size_t index = 0; index < labels.size(); ++index) labels[index] = files[index].label;
    return labels;
  }

  binade::Description describe() const {
    binade::Description description;
    description.split("train", train_.size()).independent();
    if (validation_.size() > 0) description.split("validation", validation_.size());
    description.field<float>("image", {shape().channels, shape().height, shape().width}).field<std::int64_t>("label");
    description.fact("classes", classes_).fact("features", static_cast<std::int64_t>(shape().size()));
    description.fact("channels", shape().channels).fact("height", shape().height).fact("width", shape().width);
    return description.fact("loss", "cross_entropy").fact("target", "label");
  }

  void read(const binade::Sample& sample) const {
    const auto image = (sample.split() == 0 ? train_ : validation_)[sample.index()];
    const auto* pixels = image.pixels;
    sample.field<std::int64_t>(1)[0] = image.label;
    const bool augment = sample.training() && (flip_ || padding_ > 0);
    auto* to = sample.field<float>(0).data();
    if (augment) {
      auto random = sample.random();
      const auto places = static_cast<std::uint64_t>(2 * padding_ + 1);
      const auto down = static_cast<std::int64_t>(random.below(places)) - padding_;
      const auto right = static_cast<std::int64_t>(random.below(places)) - padding_;
      copy_moved(pixels, down, right, flip_ && random.below(2) == 1, to);
      return;
    }
    for (const auto& shades : shades_) {
      for (std::size_t i = 0; i < shape().plane(); ++i) *to++ = shades[*pixels++];
    }
  }

 private:
  const ImageShape& shape() const { return train_.shape(); }
  static std::string text(const ImageShape& shape) {
    return std::to_string(shape.channels) + " x " + std::to_string(shape.height) + " x " + std::to_string(shape.width);
  }

  [[noreturn]] static void refuse(const std::string& reason) { throw std::invalid_argument(reason); }
  // Options of one format are not valid for the other.
  static void require(const binade::Options& options, std::initializer_list<const char*> wanted,
                      std::initializer_list<const char*> unwanted) {
    const auto format = options.string("format");
    for (const auto* name : wanted) {
      if (!options.has(name)) refuse("format = \"" + format + "\" needs `" + name + "`");
    }
    for (const auto* name : unwanted) {
      if (options.has(name)) refuse("`" + std::string(name) + "` does not belong to format = \"" + format + "\"");
    }
  }

  void open_idx(const binade::Options& options) {
    require(options, {"images", "labels"}, {"paths", "validation_paths"});
    train_.add_idx(options.path("images"), options.path("labels"));
    if (options.has("validation_images") != options.has("validation_labels")) {
      refuse("`validation_images` and `validation_labels` belong together: set both or neither");
    }
    if (!options.has("validation_images")) return;
    input_files::refuse_shared({options.path("images")}, {options.path("validation_images")},
                               "`images` and in `validation_images`");
    validation_.add_idx(options.path("validation_images"), options.path("validation_labels"));
    const auto& other = validation_.shape();
    if (other.height == shape().height && other.width == shape().width) return;
    throw binade::Failure(BINADE_BAD_DATA, options.path("validation_images") + ": its images are " + text(other) +
                                               ", the training images " + text(shape()));
  }

  void open_cifar(const binade::Options& options, const binade::Host& host, std::size_t label_bytes) {
    require(options, {"paths"}, {"images", "labels", "validation_images", "validation_labels"});
    const auto files = input_files::find(options.paths("paths"), no_folder, host);
    for (const auto& file : files) train_.add_cifar(file.string(), label_bytes);
    if (!options.has("validation_paths")) return;
    const auto others = input_files::find(options.paths("validation_paths"), no_folder, host, "validation_paths");
    input_files::refuse_shared(files, others, "`paths` and in `validation_paths`");
    for (const auto& file : others) validation_.add_cifar(file.string(), label_bytes);
  }

  // The option has one number for all channels or one number per channel.
  std::vector<double> per_channel(const binade::Options& options, const char* name) const {
    const auto channels = static_cast<std::size_t>(shape().channels);
    auto values = options.has(name) ? options.numbers(name) : std::vector<double>{0.5};
    if (values.size() == 1) values.resize(channels, values.front());
    if (values.size() == channels) return values;
    refuse("`" + std::string(name) + "` has " + std::to_string(values.size()) + " numbers; the images have " +
           std::to_string(channels) + (channels == 1 ? " channel" : " channels"));
  }

  void check_normalization(const binade::Options& options) {
    if (!normalize_) return make_shades(per_channel(options, "mean"), per_channel(options, "std"));
    if (options.has("mean") || options.has("std")) {
      refuse("`normalize` computes `mean` and `std`: remove it, or remove them");
    }
  }

  void measure_shades(const binade::Indices& indices) {
    std::vector<double> mean, deviation;
    measure(indices, mean, deviation);
    std::string line = "mean and std of the training samples:";
    for (std::size_t i = 0; i < mean.size(); ++i) {
      line += (i > 0 ? "; " : " ") + std::to_string(mean[i]) + ", " + std::to_string(deviation[i]);
    }
    host_.info(line);
    make_shades(mean, deviation);
  }

  void make_shades(const std::vector<double>& mean, const std::vector<double>& deviation) {
    shades_.resize(mean.size());
    for (std::size_t channel = 0; channel < mean.size(); ++channel) {
      if (!(deviation[channel] > 0)) refuse("`std` must be above 0");
      for (std::size_t value = 0; value < 256; ++value) {
        const double shade = (static_cast<double>(value) / 255 - mean[channel]) / deviation[channel];
        shades_[channel][value] = static_cast<float>(shade);
      }
    }
  }

  // Computes mean and standard deviation of each channel over these samples. Exact: counts pixels by value.
  void measure(const binade::Indices& indices, std::vector<double>& mean, std::vector<double>& deviation) const {
    std::vector<std::array<std::uint64_t, 256>> counts(static_cast<std::size_t>(shape().channels));
    for (const auto index : indices) {
      const auto* pixel = train_[index].pixels;
      for (auto& count : counts) {
        for (std::size_t i = 0; i < shape().plane(); ++i) ++count[*pixel++];
      }
    }
    const auto total = static_cast<double>(indices.size()) * static_cast<double>(shape().plane());
    for (const auto& count : counts) {
      const auto average = [&](auto of) {
        double sum = 0;
        for (int value = 0; value < 256; ++value) {
          sum += static_cast<double>(count[static_cast<std::size_t>(value)]) * of(value / 255.0);
        }
        return sum / total;
      };
      mean.push_back(average([](double x) { return x; }));
      const double variance = average([&](double x) { return (x - mean.back()) * (x - mean.back()); });
      // If all pixels are equal, rounding may leave a tiny variance: normalize them to 0 instead.
      const bool alike = std::count(count.begin(), count.end(), 0) == 255;
      deviation.push_back(alike ? 1 : std::sqrt(variance));
    }
  }

  // Copies the image shifted by (`down`, `right`), black outside, then mirrored.
  void copy_moved(const unsigned char* pixels, std::int64_t down, std::int64_t right, bool mirror, float* to) const {
    const auto height = shape().height, width = shape().width;
    // Columns [begin, end) of a row of the result come from the image, the others are black.
    const auto inside = std::max<std::int64_t>(0, width - std::abs(right));
    const auto begin = std::clamp<std::int64_t>(mirror ? right : -right, 0, width), end = begin + inside;
    for (const auto& shades : shades_) {
      for (std::int64_t y = down; y < down + height; ++y, to += width) {
        if (y < 0 || y >= height) {
          std::fill(to, to + width, shades[0]);
          continue;
        }
        std::fill(to, to + begin, shades[0]);
        std::fill(to + end, to + width, shades[0]);
        const auto* const row = pixels + y * width;
        if (mirror) {
          for (auto c = begin; c < end; ++c) to[c] = shades[row[right + width - 1 - c]];
        } else {
          for (auto c = begin; c < end; ++c) to[c] = shades[row[right + c]];
        }
      }
      pixels += shape().plane();
    }
  }

  binade::Host host_;
  ImageFiles train_, validation_;
  bool normalize_, flip_;
  std::int64_t padding_;
  std::int64_t classes_ = 0;
  Shades shades_;  // by channel
};

}  // namespace

BINADE_DATASET(Images)
