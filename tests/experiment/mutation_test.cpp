// Files and manifests with random damage: each is an experiment or has a mistake, and nothing ends the process.
#include <gtest/gtest.h>

#include <random>

#include "host/experiment/resolved.h"
#include "host/experiment/toml/toml_text.h"
#include "tests/experiment/fixture.h"

namespace binade::host {
namespace {

const std::string valid = R"([experiment]
name = "first-run"
seed = 1337
[model]
plugin = "net"
units = 64
sizes = [1, 2, 3]
limits = { low = 0.5, high = 1e3 }
act = 'gelu'
[dataset]
plugin = "rows"
file = """data.csv"""
more = ["../host/**/*.cpp", "a"]   # a comment
[task]
loss = "cross_entropy"
[precision]
plugin = "half"
cpu = "allow"
[optimizer]
name = "adamw"
lr = 3e-4
betas = [0.9, 0.95]
[schedule]
name = "cosine"
warmup_steps = 0x10
[train]
steps = 500
max_time = "60s"
[[logger]]
plugin = "screen"
[metrics]
listen = "127.0.0.1:0"
)";

std::string mutated(const std::string& text, std::mt19937& random) {
  static const std::string interesting = "[]{}=.,\"'#\n\\ -+_:e0\x01\xFF\xC3\xA9";
  auto out = text;
  const auto edits = 1 + random() % 4;
  for (unsigned i = 0; i < edits && !out.empty(); ++i) {
    const auto at = random() % out.size();
    const char c = random() % 2 == 0 ? interesting[random() % interesting.size()] : static_cast<char>(random() % 256);
    switch (random() % 5) {
      case 0:
        out[at] = c;
        break;
      case 1:
        out.insert(at, 1, c);
        break;
      case 2:
        out.erase(at, 1 + random() % 8);
        break;
      case 3:
        out.insert(at, out.substr(random() % out.size(), random() % 40));
        break;
      default:
        if (random() % 8 == 0) out.resize(at);
    }
  }
  return out;
}

TEST(DamagedExperiments, AreExperimentsOrHaveMistakes) {
  const Bench bench;
  ASSERT_TRUE(bench.load(valid).experiment) << bench.load(valid).text();
  std::mt19937 random(2000);
  int refused = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto loaded = bench.load(mutated(valid, random));
    EXPECT_NE(loaded.experiment.has_value(), !loaded.diagnostics.empty());
    EXPECT_EQ(loaded.text().empty(), loaded.experiment.has_value());
    refused += loaded.experiment ? 0 : 1;
    if (loaded.experiment) {
      EXPECT_TRUE(bench.load(to_toml(*loaded.experiment)).experiment) << to_toml(*loaded.experiment);
    }
  }
  EXPECT_GT(refused, 1000) << "the damage is too small to test anything";
  EXPECT_LT(refused, 2000) << "the damage is too large to test anything";
}

TEST(DamagedManifests, AreManifestsOrHaveMistakes) {
  const std::string manifest = R"(id = "net"
kind = "model"
version = "1.0.0"
inputs = ["a", "b"]
[options.units]
type = "integer"
default = 128
min = 1
choices = [64, 128]
[options.classes]
type = "integer"
default_from = "dataset.classes"
[options.limits.options.low]
type = "[number]"
default = [1, 2.5]
)";
  std::mt19937 random(2001);
  for (int i = 0; i < 2000; ++i) {
    Diagnostics diagnostics;
    const auto parsed = parse_manifest(mutated(manifest, random), "m.toml", diagnostics);
    EXPECT_TRUE(!diagnostics.empty() || !parsed.id.empty());
    (void)diagnostics.render(true);
  }
}

TEST(DamagedOverrides, ArePlacedOrHaveMistakes) {
  const Bench bench;
  std::mt19937 random(2002);
  for (int i = 0; i < 500; ++i) {
    const auto loaded =
        bench.load(valid, {mutated("logger.0.every=10", random), mutated("model.limits={low=1}", random)});
    EXPECT_NE(loaded.experiment.has_value(), !loaded.diagnostics.empty());
    (void)loaded.text();
  }
}

}  // namespace
}  // namespace binade::host
