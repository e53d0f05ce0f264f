// Epochs of a run: every sample once, in whole steps, and with consistent counts from every position.
#include "host/data/epoch.h"

#include <gmock/gmock.h>

#include <map>

#include "host/data/sampler.h"

namespace binade::host {
namespace {

using ::testing::SizeIs;

struct Setting {
  std::uint64_t size, batch_size, accumulate;
  bool drop_last;
  Order order;
  std::uint32_t world_size;
};

std::ostream& operator<<(std::ostream& out, const Setting& setting) {
  return out << setting.size << " samples, batches of " << setting.batch_size << ", " << setting.accumulate
             << " a step, drop_last " << setting.drop_last << ", order " << static_cast<int>(setting.order) << ", "
             << setting.world_size << " ranks";
}

std::vector<Setting> settings() {
  std::vector<Setting> all;
  for (const std::uint64_t size : {1, 2, 7, 12, 71}) {
    for (const std::uint64_t batch_size : {1, 3, 10, 36, 100}) {
      for (const std::uint64_t accumulate : {1, 2, 4, 32}) {
        for (const bool drop_last : {false, true}) {
          for (const auto order : {Order::sequential, Order::shuffled, Order::with_replacement}) {
            for (const std::uint32_t world_size : {1, 3}) {
              all.push_back({size, batch_size, accumulate, drop_last, order, world_size});
            }
          }
        }
      }
    }
  }
  return all;
}

Sampler sampler_of(const Setting& setting, std::uint32_t rank = 0) {
  return {setting.size, setting.batch_size, setting.order, setting.drop_last, 7, {rank, setting.world_size}};
}

// The steps of the first epochs of a run.
struct Walk {
  std::vector<EpochPosition> begins;                    // of each step
  std::vector<std::vector<std::uint64_t>> of_epochs{};  // the samples
};

Walk walk(const Setting& setting, std::uint64_t epochs, std::uint32_t rank = 0) {
  auto sampler = sampler_of(setting, rank);
  Walk walk;
  walk.of_epochs.resize(epochs);
  std::vector<std::uint64_t> positions;
  EpochPosition position{0, 0, sampler.batches_per_epoch()};
  while (position.epoch < epochs) {
    walk.begins.push_back(position);
    const auto count = position.batches_of_step(setting.accumulate);
    for (std::uint64_t batch = 0; batch < count; ++batch) {
      sampler.batch(position.epoch, position.batch + batch, positions);
      auto& samples = walk.of_epochs[position.epoch];
      samples.insert(samples.end(), positions.begin(), positions.end());
    }
    position = position.behind(count);
  }
  return walk;
}

TEST(Epoch, IsEverySampleOnce) {
  for (const auto& setting : settings()) {
    std::map<std::uint64_t, std::uint64_t> times;
    std::uint64_t drawn = 0, batches = sampler_of(setting).batches_per_epoch();
    for (std::uint32_t rank = 0; rank < setting.world_size; ++rank) {
      EXPECT_EQ(sampler_of(setting, rank).batches_per_epoch(), batches) << setting;
      const auto walked = walk(setting, 2, rank);
      for (const auto sample : walked.of_epochs[1]) ++times[sample], ++drawn;
    }
    const auto left_out = sampler_of(setting).left_out();
    EXPECT_EQ(setting.drop_last ? 0 : left_out, 0u) << setting;
    EXPECT_LT(left_out, setting.world_size * setting.batch_size) << setting;
    // Ranks have equally many: the last round may be filled up.
    EXPECT_GE(drawn + left_out, setting.size) << setting;
    EXPECT_LT(drawn + left_out, setting.size + setting.world_size) << setting;
    if (setting.order == Order::with_replacement) continue;
    EXPECT_THAT(times, SizeIs(setting.size - left_out)) << setting;
    for (const auto& [sample, count] : times) {
      EXPECT_LE(count, (drawn + left_out - 1) / setting.size + 1) << setting << ", sample " << sample;
    }
  }
}

TEST(Epoch, HasOneShortStepAtMostAndThatIsItsLast) {
  for (const auto& setting : settings()) {
    const auto begins = walk(setting, 3).begins;
    for (std::size_t i = 0; i < begins.size(); ++i) {
      if (i + 1 == begins.size() || begins[i + 1].at_start()) continue;
      EXPECT_EQ(begins[i].batches_of_step(setting.accumulate), setting.accumulate) << setting;
    }
  }
}

TEST(Epoch, AsManyStepsAreLeftAsThereWillBe) {
  for (const auto& setting : settings()) {
    const auto begins = walk(setting, 3).begins;
    for (std::size_t i = 0; i < begins.size(); ++i) {
      EXPECT_EQ(begins[i].steps_until(3, setting.accumulate), begins.size() - i) << setting;
      EXPECT_EQ(begins[i].steps_until(begins[i].epoch, setting.accumulate), 0u) << setting;
    }
  }
}

// Resuming with another `accumulate`: the first step begins where the previous run ended.
TEST(Epoch, StepsOfAnotherLengthEndWithItAsWell) {
  const EpochPosition middle{2, 7, 12};
  EXPECT_EQ(middle.batches_of_step(4), 4u);
  EXPECT_EQ(middle.behind(4).batches_of_step(4), 1u);
  EXPECT_EQ(middle.behind(5), (EpochPosition{3, 0, 12}));
  EXPECT_EQ(middle.steps_until(4, 4), 2u + 3u);
}

TEST(Epoch, IsAsFarGoneWhenItsBatchesAreOthers) {
  const EpochPosition half{5, 6, 12};
  EXPECT_EQ(half.divided_into(12), half);
  EXPECT_EQ(half.divided_into(4), (EpochPosition{5, 2, 4}));
  EXPECT_EQ(half.divided_into(1), (EpochPosition{5, 0, 1}));
  constexpr auto many = std::uint64_t{1} << 60;
  EXPECT_EQ((EpochPosition{0, many - 1, many}.divided_into(many / 2)), (EpochPosition{0, many / 2 - 1, many / 2}));
}

}  // namespace
}  // namespace binade::host
