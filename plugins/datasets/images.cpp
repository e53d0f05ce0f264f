// Labelled images with the fields "image", float32 [channels, height, width], and "label".
#include <binade/dataset.h>

#include <memory>
#include <mutex>

#include "image/augmentation.h"
#include "image/normalization.h"
#include "image/open_source.h"
#include "image/pixel_cache.h"

namespace {

class Images {
 public:
  Images(const binade::Options& options, const binade::Host& host)
      : host_(host),
        source_(open_source(options, host)),
        channels_(channels_of(options, *source_)),
        geometry_(options),
        augmentation_(options),
        erasing_(options.number("random_erasing")),
        normalization_(options, channels_),
        extent_(common_extent()) {
    if (options.boolean("cache")) open_cache();
    const auto& train = splits().front().labels;
    const bool alike = std::all_of(train.begin(), train.end(), [&](auto label) { return label == train.front(); });
    if (alike && train.size() > 1) {
      host.warning("every training image has the label " + std::to_string(train.front()) +
                   ", so there is nothing to learn");
    }
    host.info(summary());
  }

  // `normalize` must not see the samples that are held back, so it waits for this call.
  void fit(std::uint32_t split, const binade::Indices& indices) {
    if (!normalization_.measures()) return;
    PixelCounts counts(channels_);
    std::mutex mutex;
    for_each_index(indices.size(), [&](std::uint64_t i) {
      PixelCounts of_one(channels_);
      of_one.add(prepared(split, indices[static_cast<std::size_t>(i)]));
      const std::lock_guard<std::mutex> lock(mutex);
      counts.add(of_one);
    });
    host_.info(normalization_.learn(counts));
  }

  std::vector<std::int64_t> keys(std::uint32_t split, std::string_view column) const {
    return source_->keys(split, column);
  }

  binade::Description describe() const {
    binade::Description description;
    for (const auto& split : splits()) description.split(split.name, split.labels.size());
    description.independent();
    const std::int64_t channels = channels_, height = extent_.height, width = extent_.width;
    description.field<float>("image", {channels, height, width}).field<std::int64_t>("label");
    description.fact("classes", source_->classes()).fact("features", channels * height * width);
    description.fact("channels", channels).fact("height", height).fact("width", width);
    return description.fact("loss", "cross_entropy").fact("target", "label");
  }

  void read(const binade::Sample& sample) const {
    const auto split = sample.split();
    const auto index = sample.index();
    sample.field<std::int64_t>(1)[0] = splits()[split].labels[static_cast<std::size_t>(index)];
    auto* const to = sample.field<float>(0).data();
    if (!sample.training()) return normalization_.apply(prepared(split, index), to);
    auto random = sample.random();
    auto picture = augmentation_.crops() ? augmentation_.crop(whole_picture(split, index), extent_, random)
                                         : prepared(split, index);
    normalization_.apply(augmentation_.apply(std::move(picture), random), to);
    erase(to, random);
  }

 private:
  const std::vector<Source::Split>& splits() const { return source_->splits(); }

  static int channels_of(const binade::Options& options, const Source& source) {
    if (!options.has("color")) return source.channels();
    return options.string("color") == "gray" ? 1 : 3;
  }

  Picture whole_picture(std::size_t split, std::uint64_t index) const {
    return with_channels(source_->load(split, index), channels_);
  }

  // The picture as evaluation uses it.
  Picture prepared(std::size_t split, std::uint64_t index) const {
    if (cache_) {
      const auto* const pixels = (*cache_)[first_[split] + index];
      if (pixels != nullptr) {
        Picture picture(channels_, extent_);
        std::copy_n(pixels, picture.size(), picture.data());
        return picture;
      }
    }
    try {
      return geometry_.apply(whole_picture(split, index));
    } catch (const BadPicture& bad) {
      throw binade::Failure(BINADE_BAD_DATA, source_->name(split, index) + ": " + bad.what());
    }
  }

  // The extent that all prepared pictures have.
  Extent common_extent() const {
    if (const auto fixed = geometry_.fixed()) return *fixed;
    const auto extent_of = [&](std::size_t split, std::uint64_t index) {
      try {
        return geometry_.of(source_->extent(split, index));
      } catch (const BadPicture& bad) {
        throw binade::Failure(BINADE_BAD_DATA, source_->name(split, index) + ": " + bad.what());
      }
    };
    const auto first = extent_of(0, 0);
    for (std::size_t split = 0; split < splits().size(); ++split) {
      for_each_index(splits()[split].labels.size(), [&](std::uint64_t index) {
        const auto extent = extent_of(split, index);
        if (extent != first) refuse_two_extents(first, extent, split, index);
      });
    }
    return first;
  }

  [[noreturn]] void refuse_two_extents(Extent first, Extent other, std::size_t split, std::uint64_t index) const {
    throw binade::Failure(BINADE_BAD_DATA,
                          source_->name(split, index) + ": this picture is " + other.text() + ", but " +
                              source_->name(0, 0) + " is " + first.text() +
                              " (width x height, after `resize`): all must have one size: set size = [height, "
                              "width], or `resize` and `center_crop`");
  }

  void open_cache() {
    if (augmentation_.crops()) {
      throw std::invalid_argument(
          "`cache` keeps resized pictures, but `random_resized_crop` needs whole ones: remove "
          "one of them");
    }
    const auto contents = source_->fingerprint();
    if (!contents) throw std::invalid_argument("`cache` is for pictures in files of their own: remove it");
    std::vector<std::pair<std::size_t, std::uint64_t>> all;
    for (std::size_t split = 0; split < splits().size(); ++split) {
      first_.push_back(all.size());
      for (std::uint64_t index = 0; index < splits()[split].labels.size(); ++index) all.emplace_back(split, index);
    }
    const auto bytes = static_cast<std::size_t>(channels_) * extent_.pixels();
    const auto key = *contents + geometry_.key() + " " + std::to_string(channels_) + " " + extent_.text();
    cache_ = std::make_unique<PixelCache>(
        host_.cache_folder(), key, all.size(), bytes,
        [&](std::uint64_t i) { return prepared(all[i].first, all[i].second); },
        [&](const std::string& reason) { host_.warning(reason); });
  }

  // As torchvision's RandomErasing after Normalize: with zeros, the mean.
  void erase(float* pixels, binade::Random& random) const {
    const auto box = erasing_.draw(extent_, random);
    if (!box) return;
    for (int channel = 0; channel < channels_; ++channel, pixels += extent_.pixels()) {
      for (int y = box->top; y < box->top + box->extent.height; ++y) {
        auto* const row = pixels + static_cast<std::size_t>(y) * static_cast<std::size_t>(extent_.width);
        std::fill_n(row + box->left, box->extent.width, 0.0F);
      }
    }
  }

  std::string summary() const {
    auto line = std::to_string(splits().front().labels.size()) + " images";
    for (std::size_t split = 1; split < splits().size(); ++split) {
      const auto purpose = splits()[split].name == "validation" ? "validate" : splits()[split].name;
      line += ", and " + std::to_string(splits()[split].labels.size()) + " to " + purpose;
    }
    return line + ", " + std::to_string(channels_) + " x " + std::to_string(extent_.height) + " x " +
           std::to_string(extent_.width) + ", " + source_->listed_classes();
  }

  binade::Host host_;
  std::unique_ptr<Source> source_;
  int channels_;
  Geometry geometry_;
  Augmentation augmentation_;
  RandomErasing erasing_;
  Normalization normalization_;
  Extent extent_;
  std::unique_ptr<PixelCache> cache_;
  std::vector<std::uint64_t> first_;  // of each split in the cache
};

}  // namespace

BINADE_DATASET(Images)
