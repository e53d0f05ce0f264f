#include "host/engine/tensor_memory.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include <thread>

namespace binade::host {
namespace {

constexpr std::int64_t mebibyte = 1 << 20;
const c10::Device cpu(c10::kCPU);

at::Tensor bytes(std::int64_t count) { return at::empty({count}, at::kByte); }

// malloc rounds up to pages at most.
void expect_peak(std::int64_t wanted) {
  constexpr std::int64_t slack = 16 * 4096;
  EXPECT_GE(static_cast<std::int64_t>(peak_tensor_bytes(cpu)), wanted);
  EXPECT_LT(static_cast<std::int64_t>(peak_tensor_bytes(cpu)), wanted + slack);
}

TEST(TensorMemory, IsWhatTensorsHoldAtOnceOnAllThreads) {
  auto before = bytes(mebibyte);
  EXPECT_EQ(peak_tensor_bytes(cpu), 0u) << "nobody counts yet";
  count_tensor_memory();
  count_tensor_memory();
  before = at::Tensor();

  auto one = bytes(4 * mebibyte);
  expect_peak(4 * mebibyte);
  one = at::Tensor();
  one = bytes(3 * mebibyte);
  expect_peak(4 * mebibyte);
  at::Tensor other;
  std::thread([&] { other = bytes(2 * mebibyte); }).join();
  expect_peak(5 * mebibyte);
  std::thread([tensor = std::move(other)] {}).join();
  const auto view = one.narrow(0, 0, mebibyte);
  const auto more = bytes(mebibyte);
  expect_peak(5 * mebibyte);

  auto grown = bytes(mebibyte);
  grown.resize_({2 * mebibyte});
  expect_peak(3 * mebibyte + mebibyte + 3 * mebibyte);
  EXPECT_TRUE(at::empty({0}).numel() == 0);
}

}  // namespace
}  // namespace binade::host
