// What the machine's NVIDIA devices do, as their driver tells (NVML). No GPU, no driver: nothing.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace binade::host {

// A value that a device does not have, or does not give any more, is missing.
struct DeviceUsage {
  std::string device;  // its number with the driver: "0"
  std::string name, uuid, driver;
  std::optional<double> used_bytes, total_bytes;  // by all processes
  std::optional<double> utilization;              // 0 to 1
  std::optional<double> celsius;
  std::optional<double> joules;             // since the driver was loaded
  std::optional<std::uint64_t> throttling;  // NVML's bits
};

// The driver's number of what LibTorch calls "cuda:1". `visible` is CUDA_VISIBLE_DEVICES, which renumbers by numbers or
// UUIDs, or nullptr; with UUIDs that `devices` does not have, the number is LibTorch's.
std::string driver_number(const std::string& device, const char* visible, const std::vector<DeviceUsage>& devices);

// Asks every two seconds on a thread of its own, because a driver may take its time. What fails five times in a row is
// not asked for again.
class DeviceCollector {
 public:
  // nullptr where there is no NVML: where libnvidia-ml.so.1 cannot be opened.
  static std::shared_ptr<DeviceCollector> start();
  ~DeviceCollector();
  DeviceCollector(const DeviceCollector&) = delete;
  DeviceCollector& operator=(const DeviceCollector&) = delete;

  struct Reading {
    std::vector<DeviceUsage> devices;
    bool success = false;  // of the last round; false before the first
    double seconds = 0;    // that it took
  };
  Reading read() const;  // any thread, never waits for the driver

 private:
  struct Nvml;

  explicit DeviceCollector(std::unique_ptr<Nvml> nvml);
  void collect();

  std::unique_ptr<Nvml> nvml_;
  mutable std::mutex reading_;
  std::condition_variable stop_;
  bool stopping_ = false;
  Reading last_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace binade::host
