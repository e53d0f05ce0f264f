#include "host/engine/device/tensor_memory.h"

#include <c10/core/CPUAllocator.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <malloc.h>

#include <atomic>
#include <exception>

namespace binade::host {
namespace {

// A tensor's deleter is a plain function, so that it can only reach a global. Several threads make tensors.
std::atomic<std::int64_t> live_bytes{0}, peak_bytes{0};

void add(std::int64_t bytes) {
  const auto now = live_bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  auto peak = peak_bytes.load(std::memory_order_relaxed);
  while (now > peak && !peak_bytes.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
}

std::int64_t size_of(void* block) { return static_cast<std::int64_t>(malloc_usable_size(block)); }

void count_and_delete(void* block) {
  if (block == nullptr) return;
  live_bytes.fetch_sub(size_of(block), std::memory_order_relaxed);
  c10::GetDefaultCPUAllocator()->raw_deleter()(block);
}

class CountingAllocator : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) override {
    auto* const block = c10::GetDefaultCPUAllocator()->allocate(bytes).release_context();
    if (block != nullptr) add(size_of(block));
    return {block, block, &count_and_delete, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &count_and_delete; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override { default_copy_data(to, from, bytes); }
};

}  // namespace

void count_tensor_memory() {
  if (dynamic_cast<CountingAllocator*>(c10::GetCPUAllocator()) != nullptr) return;
  c10::SetCPUAllocator(new CountingAllocator);  // never removed: tensors outlive everything
}

std::uint64_t peak_tensor_bytes(c10::Device device) {
  if (device.is_cpu()) return static_cast<std::uint64_t>(peak_bytes.load(std::memory_order_relaxed));
  const auto memory = device_memory(device);
  return memory ? static_cast<std::uint64_t>(memory->peak_bytes) : 0;
}

std::optional<DeviceMemoryRecord> device_memory(c10::Device device) {
  if (device.is_cpu()) return std::nullopt;
  auto* const allocator = dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(device.type()));
  if (allocator == nullptr) return std::nullopt;
  const auto stats = allocator->getDeviceStats(device.index());
  constexpr auto all = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  const auto bytes = [](std::int64_t count) { return static_cast<double>(count); };
  return DeviceMemoryRecord{bytes(stats.allocated_bytes.at(all).current), bytes(stats.reserved_bytes.at(all).current),
                            bytes(stats.allocated_bytes.at(all).peak), static_cast<std::uint64_t>(stats.num_ooms),
                            static_cast<std::uint64_t>(stats.num_alloc_retries)};
}

void DeviceMemorySampler::sample() noexcept {
  try {
    if (const auto memory = device_memory(device_)) listener_.device_memory_sampled(*memory);
  } catch (const std::exception&) {  // a lost device: the step reports it
    return;
  }
}

}  // namespace binade::host
