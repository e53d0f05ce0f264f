#include "host/engine/device/tensor_memory.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/engine/values.h"

namespace binade::host {
namespace {

constexpr std::int64_t mebibyte = 1 << 20;

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

// Keeps books as a GPU's allocator does, and has nothing to give.
class Books : public c10::DeviceAllocator {
 public:
  c10::DataPtr allocate(std::size_t) override { return {}; }
  void copy_data(void*, const void*, std::size_t) const override {}
  bool initialized() override { return true; }
  void emptyCache(c10::MempoolId_t) override {}
  void recordStream(const c10::DataPtr&, c10::Stream) override {}
  c10::CachingDeviceAllocator::DeviceStats getDeviceStats(c10::DeviceIndex) override { return stats; }
  void resetAccumulatedStats(c10::DeviceIndex) override {}
  void resetPeakStats(c10::DeviceIndex) override {}

  c10::CachingDeviceAllocator::DeviceStats stats;
};

struct Heard : RunListener {
  std::vector<DeviceMemoryRecord> records;
  void device_memory_sampled(const DeviceMemoryRecord& record) noexcept override { records.push_back(record); }
};

TEST(DeviceMemory, IsToldEachSecondAndWhenARunFails) {
  static Books books;  // LibTorch keeps the pointer
  constexpr auto all = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  books.stats.allocated_bytes.at(all) = {100, 300, 0, 0};
  books.stats.reserved_bytes.at(all) = {400, 500, 0, 0};
  books.stats.num_alloc_retries = 2;
  c10::SetAllocator(c10::kPrivateUse1, &books);
  const c10::Device device(c10::kPrivateUse1, 0);
  Heard heard;
  try {
    DeviceMemorySampler sampler(device, heard);
    sampler.poll(1000);
    sampler.poll(1000.9);
    ASSERT_EQ(heard.records.size(), 1u);
    sampler.poll(1001.1);
    sampler.poll(17);
    ASSERT_EQ(heard.records.size(), 3u) << "the clock was set back";
    books.stats.num_ooms = 1;
    throw std::runtime_error("out of memory");
  } catch (const std::runtime_error&) {
    ASSERT_EQ(heard.records.size(), 4u);
  }
  EXPECT_EQ(heard.records.front().allocated_bytes, 100);
  EXPECT_EQ(heard.records.front().reserved_bytes, 400);
  EXPECT_EQ(heard.records.front().peak_bytes, 300);
  EXPECT_EQ(heard.records.front().retries, 2u);
  EXPECT_EQ(heard.records.front().out_of_memory, 0u);
  EXPECT_EQ(heard.records.back().out_of_memory, 1u);
  EXPECT_EQ(peak_tensor_bytes(device), 300u);
}

TEST(DeviceMemory, IsNothingOnTheCpu) {
  Heard heard;
  { DeviceMemorySampler(cpu, heard).poll(1000); }
  EXPECT_TRUE(heard.records.empty());
}

}  // namespace
}  // namespace binade::host
