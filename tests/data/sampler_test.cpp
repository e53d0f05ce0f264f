#include "host/data/sampler.h"

#include <gmock/gmock.h>

#include <map>
#include <numeric>
#include <stdexcept>

namespace binade::host {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Positions = std::vector<std::uint64_t>;

Positions all(std::uint64_t size) {
  Positions positions(size);
  std::iota(positions.begin(), positions.end(), 0);
  return positions;
}

Positions batch(Sampler& sampler, std::uint64_t epoch, std::uint64_t number) {
  Positions positions{99, 99};  // to be overwritten
  sampler.batch(epoch, number, positions);
  return positions;
}

Positions epoch_of(Sampler& sampler, std::uint64_t epoch) {
  Positions positions;
  for (std::uint64_t number = 0; number < sampler.batches_per_epoch(); ++number) {
    const auto more = batch(sampler, epoch, number);
    positions.insert(positions.end(), more.begin(), more.end());
  }
  return positions;
}

TEST(Permutation, HoldsEachNumberOnce) {
  for (const std::uint64_t size : {0, 1, 2, 1000}) {
    auto order = permutation(size, 1337, 0);
    std::sort(order.begin(), order.end());
    EXPECT_EQ(order, all(size));
  }
}

// Fixed values: a run of an older version must resume in the same order.
TEST(Permutation, StaysTheSameForever) {
  EXPECT_THAT(permutation(8, 1337, 0), ElementsAre(7, 4, 2, 0, 1, 3, 6, 5));
  EXPECT_THAT(permutation(8, 1337, 1), ElementsAre(5, 3, 6, 0, 4, 2, 1, 7));
}

TEST(Permutation, DiffersBetweenSeedsAndEpochs) {
  EXPECT_NE(permutation(100, 1, 0), permutation(100, 2, 0));
  EXPECT_NE(permutation(100, 1, 0), permutation(100, 1, 1));
  EXPECT_NE(permutation(100, 0, 1), permutation(100, 1, 0));
}

TEST(Permutation, GivesEachOrderEquallyOften) {
  std::map<Positions, int> counts;
  for (std::uint64_t seed = 0; seed < 24000; ++seed) ++counts[permutation(4, seed, 3)];
  ASSERT_THAT(counts, SizeIs(24));
  double chi_squared = 0;
  for (const auto& [order, count] : counts) chi_squared += (count - 1000.0) * (count - 1000.0) / 1000;
  EXPECT_LT(chi_squared, 49.7);  // 23 degrees of freedom: one seed set in a thousand is above
}

TEST(Sampler, VisitsEverySampleOncePerEpochInANewOrder) {
  Sampler sampler(103, 10, Order::shuffled, false, 7, {});
  auto first = epoch_of(sampler, 0), second = epoch_of(sampler, 1);
  EXPECT_NE(first, second);
  for (auto* order : {&first, &second}) {
    std::sort(order->begin(), order->end());
    EXPECT_EQ(*order, all(103));
  }
}

TEST(Sampler, GoesInOrderWithoutShuffling) {
  Sampler sampler(5, 2, Order::sequential, false, 7, {});
  EXPECT_THAT(batch(sampler, 0, 0), ElementsAre(0, 1));
  EXPECT_THAT(batch(sampler, 3, 1), ElementsAre(2, 3));
}

TEST(Sampler, KeepsTheLastShortBatch) {
  Sampler sampler(5, 2, Order::sequential, false, 7, {});
  EXPECT_EQ(sampler.batches_per_epoch(), 3u);
  EXPECT_THAT(batch(sampler, 0, 2), ElementsAre(4));
  EXPECT_EQ(sampler.last_batch_size(), 1u);
  EXPECT_EQ(sampler.left_out(), 0u);
}

TEST(Sampler, LeavesOutTheLastShortBatchWhereAsked) {
  Sampler sampler(5, 2, Order::sequential, true, 7, {});
  EXPECT_EQ(sampler.batches_per_epoch(), 2u);
  EXPECT_EQ(sampler.last_batch_size(), 2u);
  EXPECT_EQ(sampler.left_out(), 1u);
  EXPECT_EQ(Sampler(71, 36, Order::shuffled, true, 7, {}).left_out(), 35u);
  EXPECT_EQ(Sampler(6, 2, Order::sequential, true, 7, {}).batches_per_epoch(), 3u);
}

TEST(Sampler, KeepsAShortBatchThatIsTheOnlyOne) {
  for (const bool drop_last : {false, true}) {
    Sampler sampler(3, 10, Order::sequential, drop_last, 7, {});
    EXPECT_EQ(sampler.batches_per_epoch(), 1u);
    EXPECT_THAT(batch(sampler, 0, 0), ElementsAre(0, 1, 2));
    EXPECT_EQ(sampler.left_out(), 0u);
  }
}

TEST(Sampler, AnswersTheSameInAnyOrderOfAsking) {
  Sampler forward(50, 8, Order::shuffled, true, 7, {}), backward(50, 8, Order::shuffled, true, 7, {});
  std::map<std::pair<int, int>, Positions> expected;
  for (int epoch = 0; epoch < 3; ++epoch) {
    for (int number = 0; number < 6; ++number) expected[{epoch, number}] = batch(forward, epoch, number);
  }
  for (auto item = expected.rbegin(); item != expected.rend(); ++item) {
    EXPECT_EQ(batch(backward, item->first.first, item->first.second), item->second);
  }
}

TEST(Sampler, RanksTakeTurnsInOneOrder) {
  Sampler whole(12, 12, Order::shuffled, false, 7, {});
  const auto order = batch(whole, 2, 0);
  for (std::uint32_t rank = 0; rank < 3; ++rank) {
    Sampler sampler(12, 2, Order::shuffled, true, 7, {rank, 3});
    EXPECT_EQ(sampler.batches_per_epoch(), 2u);
    EXPECT_THAT(epoch_of(sampler, 2), ElementsAre(order[rank], order[rank + 3], order[rank + 6], order[rank + 9]));
  }
}

TEST(Sampler, GivesEveryRankEquallyManySamples) {
  const auto shares = [](std::uint64_t size, bool drop_last) {
    std::vector<Positions> shares;
    for (std::uint32_t rank = 0; rank < 4; ++rank) {
      Sampler sampler(size, 1, Order::sequential, drop_last, 7, {rank, 4});
      shares.push_back(epoch_of(sampler, 0));
    }
    return shares;
  };
  EXPECT_THAT(shares(10, true), ElementsAre(Positions{0, 4}, Positions{1, 5}, Positions{2, 6}, Positions{3, 7}));
  EXPECT_THAT(shares(10, false),
              ElementsAre(Positions{0, 4, 8}, Positions{1, 5, 9}, Positions{2, 6, 0}, Positions{3, 7, 1}));
  EXPECT_THAT(shares(2, true), ElementsAre(Positions{0}, Positions{1}, Positions{0}, Positions{1}));
}

TEST(Sampler, WithReplacementDrawsFromAllSamplesEachTime) {
  Sampler sampler(1000, 1000, Order::with_replacement, true, 7, {});
  const auto first = epoch_of(sampler, 0);
  const std::set<std::uint64_t> different(first.begin(), first.end());
  EXPECT_NEAR(static_cast<double>(different.size()), 1000 * (1 - 1 / 2.718281828), 40);
  EXPECT_LT(*different.rbegin(), 1000u);
  EXPECT_NE(epoch_of(sampler, 1), first);
  EXPECT_EQ(epoch_of(sampler, 0), first);
  Sampler other_seed(1000, 1000, Order::with_replacement, true, 8, {});
  EXPECT_NE(epoch_of(other_seed, 0), first);
  Sampler second_of_two(1000, 500, Order::with_replacement, true, 7, {1, 2});
  EXPECT_EQ(epoch_of(second_of_two, 0).front(), first[1]);
}

TEST(Sampler, RefusesWhatHasNoBatches) {
  EXPECT_THROW(Sampler(0, 1, Order::shuffled, true, 7, {}), std::invalid_argument);
  EXPECT_THROW(Sampler(1, 0, Order::shuffled, true, 7, {}), std::invalid_argument);
  EXPECT_THROW(Sampler(1, 1, Order::shuffled, true, 7, {2, 2}), std::invalid_argument);
  Sampler sampler(4, 2, Order::shuffled, true, 7, {});
  Positions positions;
  EXPECT_THROW(sampler.batch(0, 2, positions), std::out_of_range);
}

}  // namespace
}  // namespace binade::host
