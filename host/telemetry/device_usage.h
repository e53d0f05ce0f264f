// The usage of the machine's NVIDIA devices, read from their driver with NVML.
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

// A value is empty if the device does not report it.
struct DeviceUsage {
  std::string device;  // the driver's number of the device: "0"
  std::string name, uuid, driver;
  std::optional<double> used_bytes, total_bytes;  // by all processes
  std::optional<double> utilization;              // 0 to 1
  std::optional<double> celsius;
  std::optional<double> joules;             // since the driver was loaded
  std::optional<std::uint64_t> throttling;  // NVML's bits
};

// Returns the driver's number of the device that LibTorch calls "cuda:1". `visible` is CUDA_VISIBLE_DEVICES, which
// renumbers devices by number or UUID, or nullptr. If `devices` lacks the UUID, returns LibTorch's number.
std::string driver_number(const std::string& device, const char* visible, const std::vector<DeviceUsage>& devices);

// Reads the devices every two seconds on a thread of its own, because the driver may be slow. A value that fails five
// times in a row is no longer read.
class DeviceCollector {
 public:
  // Returns nullptr if there is no NVML (libnvidia-ml.so.1 cannot be opened).
  static std::shared_ptr<DeviceCollector> start();
  ~DeviceCollector();
  DeviceCollector(const DeviceCollector&) = delete;
  DeviceCollector& operator=(const DeviceCollector&) = delete;

  struct Reading {
    std::vector<DeviceUsage> devices;
    bool success = false;  // of the last round; false before the first
    double seconds = 0;    // duration of the last round
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
