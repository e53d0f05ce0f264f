// Tests the dataset by calling it as the host does.
#include <binade/testing.h>

#include <cmath>

using binade::testing::expect;

int main() {
  const binade::testing::Dataset quiet({{"noise", 0.0}}), noisy({{"noise", 0.5}});
  expect(quiet.size("train") == 4000, "there are 4000 samples");
  const auto sample = quiet.read("train", 7);
  const auto wave = sample.get<float>("features");
  expect(wave.size() == 64, "a wave has 64 values");
  expect(sample.get<std::int64_t>("label") == std::vector<std::int64_t>{3}, "sample 7 has class 3");
  for (const float value : wave) expect(std::abs(value) <= 1, "without noise, values lie in [-1, 1]");
  expect(sample == quiet.read("train", 7), "a sample is the same each time");
  expect(!(sample == noisy.read("train", 7)), "noise changes it");
  return binade::testing::result();
}
