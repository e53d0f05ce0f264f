// Turns pixels into the numbers that a model sees: (pixel / 255 - mean) / std, by channel.
#pragma once

#include <binade/options.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "picture.h"

// How often each value occurs in each channel.
class PixelCounts {
 public:
  explicit PixelCounts(int channels) : counts_(static_cast<std::size_t>(channels)) {}

  void add(const Picture& picture) {
    for (int channel = 0; channel < picture.channels(); ++channel) {
      const auto* const pixels = picture.plane(channel);
      auto& count = counts_[static_cast<std::size_t>(channel)];
      for (std::size_t i = 0; i < picture.plane_size(); ++i) ++count[pixels[i]];
    }
  }
  void add(const PixelCounts& other) {
    for (std::size_t channel = 0; channel < counts_.size(); ++channel) {
      for (std::size_t value = 0; value < 256; ++value) counts_[channel][value] += other.counts_[channel][value];
    }
  }

  // Exact but for rounding, in any order of the pictures.
  void measure(std::vector<double>& mean, std::vector<double>& deviation) const {
    for (const auto& count : counts_) {
      const auto average = [&](auto of) {
        double sum = 0, total = 0;
        for (int value = 0; value < 256; ++value) {
          sum += static_cast<double>(count[static_cast<std::size_t>(value)]) * of(value / 255.0);
          total += static_cast<double>(count[static_cast<std::size_t>(value)]);
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

 private:
  std::vector<std::array<std::uint64_t, 256>> counts_;
};

class Normalization {
 public:
  // Throws std::invalid_argument if options contradict each other or the number of channels.
  Normalization(const binade::Options& options, int channels) : measures_(options.boolean("normalize")) {
    if (!measures_) {
      set(per_channel(options, "mean", channels), per_channel(options, "std", channels));
    } else if (options.has("mean") || options.has("std")) {
      throw std::invalid_argument("`normalize` computes `mean` and `std`: remove it, or remove them");
    }
  }

  // True if the training samples must be counted before apply().
  bool measures() const { return measures_; }
  // Returns a line for the log.
  std::string learn(const PixelCounts& counts) {
    std::vector<double> mean, deviation;
    counts.measure(mean, deviation);
    set(mean, deviation);
    std::string line = "mean and std of the training samples:";
    for (std::size_t i = 0; i < mean.size(); ++i) {
      line += (i > 0 ? "; " : " ") + std::to_string(mean[i]) + ", " + std::to_string(deviation[i]);
    }
    return line;
  }

  void apply(const Picture& picture, float* to) const {
    const auto* pixels = picture.data();
    for (const auto& shades : shades_) {
      for (std::size_t i = 0; i < picture.plane_size(); ++i) *to++ = shades[*pixels++];
    }
  }

 private:
  // The option has one number for all channels or one number per channel.
  static std::vector<double> per_channel(const binade::Options& options, const char* name, int channels) {
    const auto wanted = static_cast<std::size_t>(channels);
    auto values = options.has(name) ? options.numbers(name) : std::vector<double>{0.5};
    if (values.size() == 1) values.resize(wanted, values.front());
    if (values.size() == wanted) return values;
    throw std::invalid_argument("`" + std::string(name) + "` has " + std::to_string(values.size()) +
                                " numbers; the images have " + std::to_string(channels) +
                                (channels == 1 ? " channel" : " channels"));
  }

  void set(const std::vector<double>& mean, const std::vector<double>& deviation) {
    shades_.resize(mean.size());
    for (std::size_t channel = 0; channel < mean.size(); ++channel) {
      if (!(deviation[channel] > 0)) throw std::invalid_argument("`std` must be above 0");
      for (std::size_t value = 0; value < 256; ++value) {
        const double shade = (static_cast<double>(value) / 255 - mean[channel]) / deviation[channel];
        shades_[channel][value] = static_cast<float>(shade);
      }
    }
  }

  bool measures_;
  std::vector<std::array<float, 256>> shades_;  // by channel: the result for each value
};
