// The two unusual datasets as real plugins: opened from their files, read through the loader.
#include <gmock/gmock.h>

#include <cmath>
#include <cstring>

#include "host/data/batch_loader.h"
#include "host/loading/catalog.h"
#include "host/loading/open_plugin.h"

namespace binade::host {
namespace {

using testing::ElementsAre;

// The defaults, as checking an empty table gives them.
OptionTable defaults(const Manifest& manifest) {
  OptionTable options;
  for (const auto& spec : manifest.options) options.add({&spec, *spec.default_value, Origin::default_, {}});
  return options;
}

class Opened {
 public:
  explicit Opened(const std::string& path)
      : file_(read_plugin_file(path)), options_(defaults(file_.manifest)), dataset_(open_plugin(file_, {}), options_) {}
  const Dataset& dataset() const { return dataset_; }

 private:
  PluginFile file_;
  OptionTable options_;
  Dataset dataset_;
};

template <class T>
const T* data(const HostBatch& batch, std::size_t field) {
  return static_cast<const T*>(batch.fields[field].data);
}

TEST(VariableLengths, ArePaddedAndComeWithTheirLengths) {
  const Opened opened(VARIABLE_LENGTHS);
  const auto split = opened.dataset().split("validation");
  EXPECT_EQ(split.size, 129u);
  BatchLoader loader(opened.dataset(), split, Sampler(129, 43, Order::sequential, false, 1, {}), false, 1, 2, 2, 0, 0);
  for (int number = 0; number < 3; ++number) {
    const auto& batch = loader.next();
    ASSERT_EQ(batch.fields.size(), 3u);
    EXPECT_EQ(batch.fields[2].name, "sequence_length");
    const auto width = batch.fields[0].shape[1];
    const auto *sequence = data<std::int64_t>(batch, 0), *label = data<std::int64_t>(batch, 1),
               *length = data<std::int64_t>(batch, 2);
    std::int64_t longest = 0;
    for (std::size_t i = 0; i < 43; ++i, sequence += width) {
      longest = std::max(longest, length[i]);
      EXPECT_EQ(length[i] % 2, 1);
      EXPECT_EQ(std::count(sequence + length[i], sequence + width, 2), width - length[i]);
      const auto ones = std::count(sequence, sequence + length[i], 1);
      EXPECT_EQ(ones + std::count(sequence, sequence + length[i], 0), length[i]);
      EXPECT_EQ(label[i], 2 * ones > length[i] ? 1 : 0);
    }
    EXPECT_EQ(width, longest);
  }
}

class AugmentedTest : public testing::Test {
 protected:
  // The points of one batch of all samples.
  std::vector<float> points(bool training, std::uint64_t seed, std::uint64_t epoch) {
    Split all{"train", 0, 500, 0, {}};
    BatchLoader loader(opened_.dataset(), all, Sampler(500, 500, Order::sequential, false, 1, {}), training, seed, 0, 0,
                       epoch, 0);
    const auto& batch = loader.next();
    EXPECT_EQ(batch.epoch, epoch);
    return {data<float>(batch, 0), data<float>(batch, 0) + 1000};
  }
  Opened opened_{AUGMENTED};
};

TEST_F(AugmentedTest, AugmentsBySeedAndEpochAndNothingElse) {
  const auto once = points(true, 1, 0);
  EXPECT_EQ(points(true, 1, 0), once);
  EXPECT_NE(points(true, 1, 1), once);
  EXPECT_NE(points(true, 2, 0), once);
}

TEST_F(AugmentedTest, LeavesEvaluationAlone) {
  const auto plain = points(false, 1, 0), moved = points(true, 1, 0);
  EXPECT_EQ(points(false, 2, 1), plain);
  float furthest = 0;
  for (std::size_t i = 0; i < plain.size(); ++i) furthest = std::max(furthest, std::abs(plain[i] - moved[i]));
  EXPECT_GT(furthest, 0.09f);
  EXPECT_LE(furthest, 0.1001f);
}

TEST_F(AugmentedTest, AugmentsASampleTheSameInEveryBatch) {
  const auto whole = points(true, 1, 3);
  Split one{"train", 0, 1, 0, {123}};
  BatchLoader loader(opened_.dataset(), one, Sampler(1, 1, Order::shuffled, true, 1, {}), true, 1, 1, 1, 3, 0);
  const auto& batch = loader.next();
  EXPECT_THAT(batch.indices, ElementsAre(123));
  EXPECT_EQ(std::memcmp(batch.fields[0].data, &whole[246], 8), 0);
}

}  // namespace
}  // namespace binade::host
