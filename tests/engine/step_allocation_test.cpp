// A steady step allocates nothing of its own.
#include <gtest/gtest.h>

#include "tests/engine/heap_allocations.h"
#include "tests/engine/tiny_training.h"

namespace binade::host::testing {
namespace {

template <class Step>
double allocations_per_step(Step step, std::int64_t short_last = 0) {
  TinyTraining training(short_last);
  constexpr int steps = 1000;
  for (int warm_up = 0; warm_up < 200; ++warm_up) step(training);
  const auto before = heap_allocations();
  for (int i = 0; i < steps; ++i) step(training);
  return static_cast<double>(heap_allocations() - before) / steps;
}

TEST(StepAllocations, AreNoMoreThanABareLoopMakes) {
  const auto bare = allocations_per_step([](TinyTraining& training) { training.bare_step(); });
  const auto step = allocations_per_step([](TinyTraining& training) { training.step(); });
  EXPECT_GT(bare, 50) << "LibTorch itself allocates: else nothing was counted";
  EXPECT_LE(step, bare);
}

// Every fifth step is on one sample: its tensors have another shape.
TEST(StepAllocations, AreNoMoreWhereEpochsEndInAShortBatch) {
  const auto bare_step = [](TinyTraining& training) { training.bare_step(); };
  const auto host_step = [](TinyTraining& training) { training.step(); };
  const auto bare = allocations_per_step(bare_step, 1), step = allocations_per_step(host_step, 1);
  EXPECT_GT(bare, 50);
  EXPECT_LE(step, bare);
  EXPECT_LE(step - allocations_per_step(host_step), bare - allocations_per_step(bare_step))
      << "a short batch costs the host nothing more";
}

TEST(TinyTraining, LearnsTheSameEitherWay) {
  TinyTraining bare;
  double loss = 0;
  for (int i = 0; i < 50; ++i) loss = bare.bare_step();
  TinyTraining hosted;
  for (int i = 0; i < 50; ++i) hosted.step();
  EXPECT_DOUBLE_EQ(hosted.loss(), loss);
}

}  // namespace
}  // namespace binade::host::testing
