#include "host/trials/batch_size_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace binade::host {
namespace {

TEST(BatchSize, TheLargestThatFitsIsFoundWithinAnEighth) {
  for (const std::uint64_t limit : {1, 2, 7, 31, 32, 33, 100, 1000, 12345}) {
    for (const std::uint64_t first : {1, 32, 4096}) {
      std::set<std::uint64_t> tried;
      const auto found = largest_fitting(first, 1u << 20u, [&](std::uint64_t size) {
        EXPECT_TRUE(tried.insert(size).second) << size << " was tried twice";
        return size <= limit;
      });
      EXPECT_LE(found, limit);
      EXPECT_GE(found + std::max<std::uint64_t>(1, found / 8), limit) << first;
      EXPECT_LT(tried.size(), 30u);
    }
  }
}

TEST(BatchSize, NoneFits) {
  EXPECT_EQ(largest_fitting(32, 1000, [](std::uint64_t) { return false; }), 0u);
}

TEST(BatchSize, IsAtMostTheNumberOfSamples) {
  EXPECT_EQ(largest_fitting(32, 1000,
                            [](std::uint64_t size) {
                              EXPECT_LE(size, 1000u);
                              return true;
                            }),
            1000u);
  EXPECT_EQ(largest_fitting(2000, 2000, [](std::uint64_t) { return true; }), 2000u);
}

TEST(BatchSize, MemoryIsPredictedFromTheTwoLargestThatFit) {
  const BatchSizeTrial small{8, true, 100e6, 10}, large{16, true, 140e6, 10}, failed{64, false, 0, 0};
  EXPECT_EQ(predicted_bytes({small}, 32), std::nullopt);
  EXPECT_EQ(predicted_bytes({large, failed, small}, 32), 220e6);
  EXPECT_EQ(predicted_bytes({small, large}, 12), std::nullopt) << "between them";
  EXPECT_EQ(predicted_bytes({small, {16, true, 90e6, 10}}, 32), std::nullopt) << "no growth, no prediction";
}

}  // namespace
}  // namespace binade::host
