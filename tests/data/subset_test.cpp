#include "host/data/subset.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

namespace binade::host {
namespace {

using ::testing::SizeIs;

const Split whole{"validation", 3, 1000, 0, {}};

TEST(Subset, IsAFairSampleWhateverTheOrderOfTheData) {
  std::uint64_t of_the_first_half = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto part = subset(whole, 50, seed);
    ASSERT_EQ(part.size, 50u);
    ASSERT_THAT(part.indices, SizeIs(50));
    EXPECT_TRUE(std::is_sorted(part.indices.begin(), part.indices.end()));
    EXPECT_THAT(std::set<std::uint64_t>(part.indices.begin(), part.indices.end()), SizeIs(50));
    EXPECT_LT(part.indices.back(), 1000u);
    const auto middle = std::lower_bound(part.indices.begin(), part.indices.end(), 500);
    of_the_first_half += static_cast<std::uint64_t>(middle - part.indices.begin());
  }
  EXPECT_NEAR(static_cast<double>(of_the_first_half), 5000, 4 * 50);  // of 10,000: four standard deviations
}

TEST(Subset, DependsOnTheSeedAlone) {
  EXPECT_EQ(subset(whole, 50, 7).indices, subset(whole, 50, 7).indices);
  EXPECT_NE(subset(whole, 50, 7).indices, subset(whole, 50, 8).indices);
}

TEST(Subset, OfMoreSamplesContainsTheFewer) {
  for (const std::uint64_t count : {1, 10, 500, 998}) {
    const auto few = subset(whole, count, 7).indices, more = subset(whole, count + 1, 7).indices;
    EXPECT_TRUE(std::includes(more.begin(), more.end(), few.begin(), few.end())) << count;
  }
}

TEST(Subset, IsAllOfASplitThatHasNoMore) {
  for (const std::uint64_t count : {1000, 1001}) {
    const auto all = subset(whole, count, 7);
    EXPECT_EQ(all.size, 1000u);
    EXPECT_TRUE(all.indices.empty());
  }
}

TEST(Subset, OfAPartOfASplitIsOfThatPart) {
  const Split later{"validation", 3, 10, 90, {}};
  for (const auto index : subset(later, 4, 7).indices) {
    EXPECT_GE(index, 90u);
    EXPECT_LT(index, 100u);
  }
  const Split drawn{"train", 3, 4, 0, {5, 50, 500, 5000}};
  const auto part = subset(drawn, 3, 7);
  EXPECT_TRUE(std::includes(drawn.indices.begin(), drawn.indices.end(), part.indices.begin(), part.indices.end()));
  EXPECT_EQ(part.plugin_split, 3u);
  EXPECT_EQ(part.name, "train");
}

}  // namespace
}  // namespace binade::host
