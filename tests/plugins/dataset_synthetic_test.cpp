// The synthetic dataset: the samples of each task, and that they are the same everywhere.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "plugins/datasets/gaussian.h"
#include "tests/plugins/opened_dataset.h"

namespace binade::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Tokens = std::vector<std::int64_t>;

GivenOptions synthetic(const std::string& task, GivenOptions more = {}) {
  more.insert({{"task", text(task)}});
  return more;
}

std::vector<std::uint64_t> first(std::uint64_t count) {
  std::vector<std::uint64_t> indices(count);
  std::iota(indices.begin(), indices.end(), std::uint64_t{0});
  return indices;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

TEST(Gaussian, HasMeanZeroAndDeviationOne) {
  binade::Random random(1, 2, 3);
  std::vector<double> values(200'000), squares;
  for (auto& value : values) value = gaussian(random);
  for (const auto value : values) squares.push_back(value * value);
  EXPECT_NEAR(mean(values), 0, 0.01);
  EXPECT_NEAR(mean(squares), 1, 0.01);
  const auto outside = std::count_if(values.begin(), values.end(), [](double x) { return std::abs(x) > 1.96; });
  EXPECT_NEAR(static_cast<double>(outside) / 200'000, 0.05, 0.003);
}

TEST(SyntheticDataset, ChoosesATaskForWhatTheModelReads) {
  EXPECT_EQ(OpenedDataset("synthetic", {{"fields", {text("tokens").front()}}}).dataset().fields()[0].name, "tokens");
  EXPECT_EQ(OpenedDataset("synthetic", {}).dataset().fields()[0].name, "features");
}

TEST(SyntheticDataset, DescribesEachTask) {
  const OpenedDataset classes("synthetic", synthetic("classification", {{"samples", integer(50)}}));
  EXPECT_EQ(classes.size(), 50u);
  EXPECT_EQ(std::get<std::int64_t>(classes.fact("features")), 16);
  EXPECT_EQ(std::get<std::int64_t>(classes.fact("classes")), 4);
  EXPECT_EQ(std::get<std::string>(classes.fact("loss")), "cross_entropy");
  EXPECT_EQ(classes.dataset().fields()[0].name, "features");
  EXPECT_EQ(std::get<std::string>(classes.fact("target")), classes.dataset().fields()[1].name);
  EXPECT_FALSE(classes.dataset().split("validation").indices.empty()) << "samples are independent";

  const OpenedDataset number("synthetic", synthetic("regression", {{"features", integer(3)}}));
  EXPECT_THAT(number.dataset().fields()[0].shape, ElementsAre(3));
  EXPECT_THAT(number.dataset().fields()[1].shape, ElementsAre(1));
  EXPECT_EQ(std::get<std::string>(number.fact("loss")), "mse");

  const OpenedDataset copy("synthetic", synthetic("copy", {{"vocab_size", integer(20)}}));
  EXPECT_EQ(std::get<std::int64_t>(copy.fact("vocab_size")), 20);
  EXPECT_EQ(std::get<std::int64_t>(copy.fact("sequence_length")), 33);
  EXPECT_EQ(std::get<std::string>(copy.fact("loss")), "next_token");
  EXPECT_EQ(std::get<std::string>(copy.fact("target")), "tokens");
  EXPECT_THAT(copy.dataset().fields()[0].shape, ElementsAre(33));
}

TEST(SyntheticDataset, DrawsEachClassAroundACentreOfItsOwn) {
  const auto options = synthetic("classification", {{"features", integer(2)}, {"noise", {Scalar(0.5)}}});
  const OpenedDataset rows("synthetic", options);
  const auto still =
      OpenedDataset("synthetic", synthetic("classification", {{"features", integer(2)}, {"noise", {Scalar(0.0)}}}));
  const auto labels = rows.read<std::int64_t>(1, first(8));
  EXPECT_THAT(labels, ElementsAre(0, 1, 2, 3, 0, 1, 2, 3));
  const auto centres = still.read<float>(0, first(8));
  EXPECT_EQ(std::vector(centres.begin(), centres.begin() + 8), std::vector(centres.begin() + 8, centres.end()));
  const auto features = rows.read<float>(0, first(800));
  std::vector<double> offsets, squares;
  for (std::size_t i = 0; i < features.size(); ++i) {
    offsets.push_back(features[i] - centres[i % 8]);
    squares.push_back(offsets.back() * offsets.back());
  }
  EXPECT_NEAR(mean(offsets), 0, 0.05);
  EXPECT_NEAR(std::sqrt(mean(squares)), 0.5, 0.05);
}

TEST(SyntheticDataset, PredictsNumbersFromTheFeaturesAndAddsNoise) {
  const auto labels = [](double noise) {
    return OpenedDataset("synthetic", synthetic("regression", {{"noise", {Scalar(noise)}}})).read<float>(1, first(800));
  };
  const auto exact = labels(0), noisy = labels(2);
  std::vector<double> squares, signal;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    squares.push_back((noisy[i] - exact[i]) * (noisy[i] - exact[i]));
    signal.push_back(exact[i] * exact[i]);
  }
  EXPECT_NEAR(std::sqrt(mean(squares)), 2, 0.2);
  EXPECT_GT(mean(signal), 0.2) << "and without noise there is something to learn";
}

TEST(SyntheticDataset, CopiesSymbolsBehindTheSeparator) {
  const OpenedDataset copy("synthetic",
                           synthetic("copy", {{"sequence_length", integer(9)}, {"vocab_size", integer(5)}}));
  const auto tokens = copy.read<std::int64_t>(0, first(100));
  std::vector<int> seen(5);
  for (auto row = tokens.begin(); row != tokens.end(); row += 9) {
    EXPECT_EQ(row[4], 4);
    EXPECT_EQ(Tokens(row, row + 4), Tokens(row + 5, row + 9));
    for (auto token = row; token != row + 4; ++token) ++seen[static_cast<std::size_t>(*token)];
  }
  EXPECT_THAT(seen, ElementsAre(testing::Gt(50), testing::Gt(50), testing::Gt(50), testing::Gt(50), 0));
}

TEST(SyntheticDataset, SortsSymbolsBehindTheSeparator) {
  const OpenedDataset sort("synthetic", synthetic("sort", {{"sequence_length", integer(21)}}));
  const auto tokens = sort.read<std::int64_t>(0, {3});
  EXPECT_FALSE(std::is_sorted(tokens.begin(), tokens.begin() + 10));
  auto sorted = Tokens(tokens.begin(), tokens.begin() + 10);
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(tokens[10], 63);
  EXPECT_EQ(Tokens(tokens.begin() + 11, tokens.end()), sorted);
}

TEST(SyntheticDataset, AddsNumbersOfAFixedWidth) {
  for (const std::int64_t digits : {1, 3, 18}) {
    const auto length = static_cast<std::size_t>(3 * digits + 3);
    const OpenedDataset sums("synthetic", synthetic("addition", {{"sequence_length", integer(3 * digits + 3)}}));
    const auto tokens = sums.read<std::int64_t>(0, first(50));
    for (std::size_t row = 0; row < tokens.size(); row += length) {
      std::string text;
      for (std::size_t i = row; i < row + length; ++i) text += "0123456789+="[tokens[i]];
      const auto plus = text.find('+'), equals = text.find('=');
      ASSERT_EQ(plus, static_cast<std::size_t>(digits)) << text;
      ASSERT_EQ(equals, 2 * plus + 1) << text;
      EXPECT_EQ(std::stoll(text.substr(0, plus)) + std::stoll(text.substr(plus + 1, plus)),
                std::stoll(text.substr(equals + 1)))
          << text;
    }
  }
}

TEST(SyntheticDataset, IsTheSameOnEveryMachine) {
  // Also computed in Python. A difference would change every user's data.
  EXPECT_EQ(OpenedDataset("synthetic", synthetic("copy", {{"sequence_length", integer(9)}})).read<std::int64_t>(0, {5}),
            (Tokens{31, 57, 27, 0, 63, 31, 57, 27, 0}));
  EXPECT_EQ(OpenedDataset("synthetic", synthetic("classification", {{"features", integer(2)}})).read<float>(0, {5}),
            (std::vector<float>{2.14321899F, 0.0142669678F}));
  EXPECT_EQ(OpenedDataset("synthetic", synthetic("regression", {{"features", integer(2)}})).read<float>(1, {5}),
            (std::vector<float>{0.241376951F}));
}

TEST(SyntheticDataset, DependsOnItsOwnSeedAndNothingElse) {
  const OpenedDataset zero("synthetic", synthetic("copy")), one("synthetic", synthetic("copy", {{"seed", integer(1)}}));
  EXPECT_NE(zero.read<std::int64_t>(0, {0}), one.read<std::int64_t>(0, {0}));
  EXPECT_NE(zero.read<std::int64_t>(0, {0}), zero.read<std::int64_t>(0, {1}));
  EXPECT_EQ(zero.read<std::int64_t>(0, {0}, 0), zero.read<std::int64_t>(0, {0}, 1)) << "the same in every epoch";
}

TEST(SyntheticDataset, RefusesLengthsThatATaskCannotHave) {
  const auto refused = [](const char* task, GivenOptions options) {
    return refusal("synthetic", synthetic(task, std::move(options)), BINADE_INVALID_ARGUMENT);
  };
  EXPECT_THAT(refused("sort", {{"sequence_length", integer(8)}}),
              HasSubstr("`sequence_length` is 8, task = \"sort\" needs an odd number"));
  for (const auto length : {3, 13, 60}) {
    EXPECT_THAT(refused("addition", {{"sequence_length", integer(length)}}), HasSubstr("a multiple of 3 from 6 to 57"));
  }
  EXPECT_THAT(refused("addition", {{"vocab_size", integer(11)}}),
              HasSubstr("`vocab_size` is 11, task = \"addition\" has 12 tokens"));
}

}  // namespace
}  // namespace binade::host
