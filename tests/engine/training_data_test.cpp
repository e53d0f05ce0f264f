// Where the training split starts and resumes, and what is reported about it.
#include "host/engine/loop/training_data.h"

#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>

#include "tests/engine/in_memory_plugins.h"

namespace binade::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Rows;
using testing::TensorModel;

class TrainingDataTest : public ::testing::Test, protected RunListener {
 protected:
  TrainingDataTest() { TensorModel::parameters = {{"w", at::zeros({1})}}; }
  void TearDown() override { TensorModel::buffers.clear(); }

  TrainingData data(std::uint64_t batch_size, bool drop_last, const std::string& sampling = "shuffle") {
    const TrainSettings settings{
        .batch_size = batch_size, .drop_last = drop_last, .sampling = sampling, .workers = 0, .prefetch = 1};
    return {dataset_, settings, 7};
  }

  std::vector<std::string> told(const TrainingData& data) {
    messages_.clear();
    const Model model(TensorModel::plugin(), OptionTable{}, {"x"}, c10::Device(c10::kCPU));
    data.tell(model, *this);
    return messages_;
  }
  void message(int, std::string_view text) noexcept override { messages_.emplace_back(text); }

  static Plugin rows() {
    Rows::x.assign(71, {1});
    Rows::y.assign(71, {2});
    return testing::dataset_plugin<Rows>();
  }
  const Dataset dataset_{rows(), OptionTable{}};
  std::vector<std::string> messages_;
};

TEST_F(TrainingDataTest, BeginsWhereTheResumedRunWas) {
  const auto of_ten = data(10, false);
  EXPECT_EQ(of_ten.begin(nullptr), (EpochPosition{0, 0, 8}));
  LoopState state;
  state.position = EpochPosition{3, 5, 8};
  state.batches = 29;
  EXPECT_EQ(of_ten.begin(&state), *state.position);
  EXPECT_EQ(data(20, false).begin(&state), (EpochPosition{3, 2, 4})) << "as far into the epoch with larger batches";
}

// Such runs went through whole batches, one epoch after the other, however steps fell.
TEST_F(TrainingDataTest, BeginsBehindTheBatchesThatAnOlderVersionCounted) {
  LoopState state;
  state.batches = 17;
  EXPECT_EQ(data(10, true).begin(&state), (EpochPosition{2, 3, 7}));
  EXPECT_EQ(data(10, false).begin(&state), (EpochPosition{2, 1, 8}));
}

TEST_F(TrainingDataTest, ItsBatchesSayWhereTheyAre) {
  const auto of_ten = data(10, false);
  auto batches = of_ten.batches({3, 7, 8});
  const auto& last = batches.next();
  EXPECT_EQ(last.epoch, 3u);
  EXPECT_EQ(last.batch, 7u);
  EXPECT_EQ(last.epoch_batches, 8u);
  EXPECT_EQ(last.batch_size, 10u);
  EXPECT_EQ(last.indices.size(), 1u);
  EXPECT_EQ(batches.next().epoch, 4u);
}

TEST_F(TrainingDataTest, SaysWhatEachEpochLeavesOut) {
  EXPECT_THAT(told(data(36, true)), ElementsAre(HasSubstr("35 of 71 samples are left out of each epoch")));
  EXPECT_THAT(told(data(36, true, "replacement")), IsEmpty()) << "which are left out differs from draw to draw";
  EXPECT_THAT(told(data(36, false)), IsEmpty());
  EXPECT_THAT(told(data(71, true)), IsEmpty());
  EXPECT_THAT(told(data(100, true)), IsEmpty());
}

TEST_F(TrainingDataTest, WarnsOfALoneSampleWhereTheModelNormalizesBatches) {
  EXPECT_THAT(told(data(10, false)), IsEmpty());
  TensorModel::buffers = {{"norm.running_mean", at::zeros({1})}};
  EXPECT_THAT(told(data(10, false)), ElementsAre(HasSubstr("drop_last = true")));
  EXPECT_THAT(told(data(9, false)), IsEmpty()) << "eight are left";
}

}  // namespace
}  // namespace binade::host
