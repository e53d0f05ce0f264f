#include "host/run/reports/stop_notice.h"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstring>

#include "binade/abi/plugin.h"

namespace binade::host {
namespace {

// A signal handler cannot wake a thread, so this one polls; 50 ms go unnoticed.
constexpr std::chrono::milliseconds tick(50);

std::string name_of(int signal) {
  const char* name = sigabbrev_np(signal);
  return name == nullptr ? fmt::format("signal {}", signal) : fmt::format("SIG{}", name);
}

}  // namespace

std::string whereabouts(const Progress& progress, const std::vector<WatchedPlugin>& plugins) {
  const auto reading = progress.read();
  auto text = reading.entered == 0 ? std::string("the run has not started")
                                   : fmt::format("it is in step {}, {}", reading.step,
                                                 activity_names[static_cast<std::size_t>(reading.activity)]);
  bool first = true;
  for (const auto& plugin : plugins) {
    for (const auto& call : plugin.calls->under_way()) {
      if (call.call == nullptr) continue;
      text += fmt::format("{}{}() of plugin `{}` {} ({})", first ? ": " : ", ", call.call, plugin.id, plugin.version,
                          plugin.kind);
      first = false;
    }
  }
  return text;
}

StopNotice::StopNotice(const std::atomic<int>& signal, const Progress& progress, std::vector<WatchedPlugin> plugins,
                       ColorMode color)
    : signal_(signal), progress_(progress), plugins_(std::move(plugins)), thread_([this, color] { watch(color); }) {}

StopNotice::~StopNotice() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
  thread_.join();
}

void StopNotice::watch(ColorMode color) {
  std::unique_lock lock(mutex_);
  while (!stopped_.wait_for(lock, tick, [this] { return stop_; })) {
    const int signal = signal_.load(std::memory_order_relaxed);
    if (signal == 0) continue;
    return log_line(
        color, BINADE_LOG_INFO,
        fmt::format("{}: the run stops after the step in progress; {}{}", name_of(signal),
                    whereabouts(progress_, plugins_), signal == SIGINT ? "; Ctrl-C again ends it at once" : ""));
  }
}

}  // namespace binade::host
