// The state of the loop in a checkpoint, also in one of an older version.
#include "host/engine/loop/loop_state.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace binade::host {
namespace {

TEST(LoopState, KeepsThePlaceInTheEpoch) {
  LoopState state;
  state.statistics.steps = 17;
  state.position = EpochPosition{3, 4, 9};
  EXPECT_EQ(loop_state(to_json(state)).position, state.position);
  EXPECT_EQ(to_json(loop_state(to_json(state))), to_json(state));
}

TEST(LoopState, OfAnOlderVersionHasNoPlace) {
  LoopState state;
  state.batches = 40;
  const auto json = to_json(state);
  EXPECT_FALSE(json.contains("epoch"));
  EXPECT_FALSE(loop_state(json).position);
  EXPECT_EQ(loop_state(json).batches, 40u);
}

TEST(LoopState, RefusesAPlaceThatNoEpochHas) {
  LoopState state;
  state.position = EpochPosition{3, 4, 9};
  for (const std::uint64_t batch : {9, 10}) {
    auto json = to_json(state);
    json["epoch_batch"] = batch;
    EXPECT_THROW(loop_state(json), std::runtime_error);
  }
  auto json = to_json(state);
  json["epoch_batch"] = std::uint64_t{0};
  json["epoch_batches"] = std::uint64_t{0};
  EXPECT_THROW(loop_state(json), std::runtime_error);
}

TEST(EpochSums, AreMeansOverSamples) {
  EpochSums sums;
  StepRecord step;
  step.loss = 1;
  step.accuracy = 0.5;
  step.samples = 6;
  sums.add(step);
  step.loss = 8;
  step.accuracy = 1;
  step.samples = 1;
  sums.add(step);
  const auto epoch = sums.summary(3, 20);
  EXPECT_DOUBLE_EQ(epoch.train_loss, 2);
  EXPECT_DOUBLE_EQ(epoch.train_accuracy, 4.0 / 7);
  EXPECT_EQ(epoch.epoch, 3u);
  EXPECT_EQ(epoch.steps, 20u);
}

TEST(EpochSums, OfAnOlderVersionContinueAsSumsOverSamples) {
  EpochSums sums{.loss = 2 + 4, .correct = 0, .seconds = 0, .steps = 2, .samples = 20};  // of steps of 10
  sums.weight_by_samples();
  StepRecord step;
  step.loss = 6;
  step.samples = 10;
  sums.add(step);
  EXPECT_DOUBLE_EQ(sums.summary(0, 3).train_loss, 4);
}

}  // namespace
}  // namespace binade::host
