// Loads NVML with dlopen: its library comes with the driver, but its header with the CUDA Toolkit, which may be
// missing.
#include "host/telemetry/device_usage.h"

#include <dlfcn.h>

#include <array>
#include <chrono>
#include <map>
#include <sstream>
#include <utility>

namespace binade::host {
namespace {

constexpr std::chrono::seconds between_rounds(2);
constexpr int max_failures = 5;
constexpr int nvml_success = 0;

using Device = void*;

}  // namespace

struct DeviceCollector::Nvml {
  struct Memory {
    unsigned long long total, free, used;
  };
  struct Utilization {
    unsigned gpu, memory;  // percent
  };

  explicit Nvml(void* opened) : library(opened) {
    find(init, "nvmlInit_v2");
    find(shutdown, "nvmlShutdown");
    find(count, "nvmlDeviceGetCount_v2");
    find(handle, "nvmlDeviceGetHandleByIndex_v2");
    find(driver, "nvmlSystemGetDriverVersion");
    find(name, "nvmlDeviceGetName");
    find(uuid, "nvmlDeviceGetUUID");
    find(memory, "nvmlDeviceGetMemoryInfo");
    find(utilization, "nvmlDeviceGetUtilizationRates");
    find(temperature, "nvmlDeviceGetTemperature");
    find(energy, "nvmlDeviceGetTotalEnergyConsumption");
    find(throttling, "nvmlDeviceGetCurrentClocksThrottleReasons");
  }
  ~Nvml() {
    if (started && shutdown != nullptr) shutdown();
    dlclose(library);
  }
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  bool start() {
    if (!started) started = init != nullptr && count != nullptr && handle != nullptr && init() == nvml_success;
    return started;
  }

  // Calls `function` for a value of a device. Returns false if it fails. After repeated failures it is no longer
  // called.
  template <class Function, class... Arguments>
  bool ask(unsigned index, const char* what, Function function, Arguments... arguments) {
    int& failed = failures[{index, what}];
    if (function == nullptr || failed >= max_failures) return false;
    const bool good = function(arguments...) == nvml_success;
    failed = good ? 0 : failed + 1;
    return good;
  }

  std::string text(unsigned index, const char* what, int (*function)(Device, char*, unsigned), Device device) {
    std::array<char, 128> buffer{};
    ask(index, what, function, device, buffer.data(), static_cast<unsigned>(buffer.size() - 1));
    return buffer.data();
  }

  DeviceUsage usage(unsigned index, Device device) {
    DeviceUsage usage;
    usage.device = std::to_string(index);
    usage.name = text(index, "name", name, device);
    usage.uuid = text(index, "uuid", uuid, device);
    std::array<char, 128> version{};
    if (ask(index, "driver", driver, version.data(), static_cast<unsigned>(version.size() - 1))) {
      usage.driver = version.data();
    }
    Nvml::Memory bytes{};
    if (ask(index, "memory", memory, device, &bytes)) {
      usage.used_bytes = static_cast<double>(bytes.used);
      usage.total_bytes = static_cast<double>(bytes.total);
    }
    Nvml::Utilization share{};
    if (ask(index, "utilization", utilization, device, &share)) usage.utilization = share.gpu / 100.0;
    unsigned degrees = 0;
    if (ask(index, "temperature", temperature, device, 0, &degrees)) usage.celsius = degrees;
    unsigned long long millijoules = 0;
    if (ask(index, "energy", energy, device, &millijoules)) usage.joules = static_cast<double>(millijoules) / 1000;
    unsigned long long reasons = 0;
    if (ask(index, "throttling", throttling, device, &reasons)) usage.throttling = reasons;
    return usage;
  }

  // Returns false if the driver or one of its devices does not respond.
  bool collect(std::vector<DeviceUsage>& devices) {
    unsigned number = 0;
    if (!start() || count(&number) != nvml_success) return false;
    bool all = true;
    for (unsigned index = 0; index < number; ++index) {
      Device device = nullptr;
      if (handle(index, &device) == nvml_success) {
        devices.push_back(usage(index, device));
      } else {
        all = false;
      }
    }
    return all;
  }

  template <class Function>
  void find(Function& function, const char* symbol) {
    function = reinterpret_cast<Function>(dlsym(library, symbol));
  }

  void* library;
  bool started = false;
  std::map<std::pair<unsigned, std::string>, int> failures;  // consecutive failures, by device and value
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  int (*count)(unsigned*) = nullptr;
  int (*handle)(unsigned, Device*) = nullptr;
  int (*driver)(char*, unsigned) = nullptr;
  int (*name)(Device, char*, unsigned) = nullptr;
  int (*uuid)(Device, char*, unsigned) = nullptr;
  int (*memory)(Device, Memory*) = nullptr;
  int (*utilization)(Device, Utilization*) = nullptr;
  int (*temperature)(Device, int, unsigned*) = nullptr;
  int (*energy)(Device, unsigned long long*) = nullptr;
  int (*throttling)(Device, unsigned long long*) = nullptr;
};

std::string driver_number(const std::string& device, const char* visible, const std::vector<DeviceUsage>& devices) {
  auto number = device.substr(device.find(':') + 1);
  std::istringstream list(visible == nullptr ? "" : visible);
  std::string entry;
  for (auto left = std::stoul(number) + 1; left > 0; --left) {
    if (!std::getline(list, entry, ',')) return number;
  }
  for (const auto& one : devices) {
    if (one.device == entry || (entry.starts_with("GPU-") && one.uuid.starts_with(entry))) return one.device;
  }
  return entry.find_first_not_of("0123456789") == std::string::npos && !entry.empty() ? entry : number;
}

std::shared_ptr<DeviceCollector> DeviceCollector::start() {
  void* library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nullptr;
  return std::shared_ptr<DeviceCollector>(new DeviceCollector(std::make_unique<Nvml>(library)));
}

DeviceCollector::DeviceCollector(std::unique_ptr<Nvml> nvml) : nvml_(std::move(nvml)), thread_([this] { collect(); }) {}

DeviceCollector::~DeviceCollector() {
  {
    const std::lock_guard lock(reading_);
    stopping_ = true;
  }
  stop_.notify_all();
  thread_.join();
}

void DeviceCollector::collect() {
  std::unique_lock lock(reading_);
  while (!stopping_) {
    lock.unlock();
    const auto start = std::chrono::steady_clock::now();
    Reading reading;
    try {
      reading.success = nvml_->collect(reading.devices);
    } catch (const std::exception&) {  // out of memory
      reading = {};
    }
    reading.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    lock.lock();
    last_ = std::move(reading);
    stop_.wait_for(lock, between_rounds, [this] { return stopping_; });
  }
}

DeviceCollector::Reading DeviceCollector::read() const {
  const std::lock_guard lock(reading_);
  return last_;
}

}  // namespace binade::host
