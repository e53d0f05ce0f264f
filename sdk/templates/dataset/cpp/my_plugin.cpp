// Noisy sine waves, to be classified by which of four frequencies they have.
#include <binade/dataset.h>

#include <cmath>

struct MyPlugin {
  explicit MyPlugin(const binade::Options& options) : noise(options.number("noise")) {}

  binade::Description describe() const {
    binade::Description description;
    description.split("train", 4000).field<float>("features", {64}).field<std::int64_t>("label");
    description.fact("features", 64).fact("classes", 4).fact("loss", "cross_entropy").fact("target", "label");
    return description.independent();
  }

  // Called by several threads at once. The same sample must always have the same bytes.
  void read(const binade::Sample& sample) const {
    const auto label = static_cast<std::int64_t>(sample.index() % 4);
    binade::Random random(7, 0, sample.index());
    const double phase = random.uniform();
    const auto wave = sample.field<float>(0);
    for (std::size_t i = 0; i < wave.size(); ++i) {
      const double turns = static_cast<double>(label + 1) * static_cast<double>(i) / 64 + phase;
      wave[i] = static_cast<float>(std::sin(6.2832 * turns) + noise * (random.uniform() - 0.5));
    }
    sample.field<std::int64_t>(1)[0] = label;
  }

  double noise;
};

BINADE_DATASET(MyPlugin)
