#include "host/telemetry/watchdog.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace binade::host {
namespace {

constexpr std::chrono::milliseconds tick(250);

std::string name_of(const WatchedPlugin& plugin) {
  return fmt::format("plugin `{}` {} ({})", plugin.id, plugin.version, plugin.kind);
}

// "step 12, backward"
std::string place_of(const Progress::Reading& reading) {
  return fmt::format("step {}, {}", reading.step, activity_names[static_cast<std::size_t>(reading.activity)]);
}

std::string whereabouts(const Progress::Reading& reading) {
  return reading.entered == 0 ? "the run has not started" : "the training thread is in " + place_of(reading);
}

}  // namespace

HangDetector::HangDetector(const WatchdogLimits& limits, const Progress& progress, std::vector<WatchedPlugin> plugins)
    : limits_(limits), progress_(progress), plugins_(std::move(plugins)), calls_(plugins_.size()) {}

std::optional<Hang> HangDetector::look(double seconds) {
  const auto reading = progress_.read();
  if (auto hang = look_at_calls(reading, seconds)) return hang;
  const bool same = reading.entered == activity_.number;
  activity_ = {reading.entered, same ? activity_.seconds + seconds : 0};
  const auto activity = static_cast<std::size_t>(reading.activity);
  const double limit = limits_.activities[activity];
  if (limit == 0 || activity_.seconds < limit) return std::nullopt;
  return Hang{
      reading,
      fmt::format("the training thread hangs: it has been in {} for {:.0f} s, but [watchdog] {} allows {:g} s; {}",
                  place_of(reading), activity_.seconds, activity_names[activity], limit, calls_under_way())};
}

std::optional<Hang> HangDetector::look_at_calls(const Progress::Reading& reading, double seconds) {
  for (std::size_t p = 0; p < plugins_.size(); ++p) {
    const auto now = plugins_[p].calls->under_way();
    for (std::size_t i = 0; i < now.size(); ++i) {
      auto& seen = calls_[p][i];
      const bool same = now[i].call != nullptr && now[i].number == seen.number;
      seen = {now[i].number, same ? seen.seconds + seconds : 0};
      if (!same || limits_.plugin_call == 0 || seen.seconds < limits_.plugin_call) continue;
      return Hang{
          reading,
          fmt::format("{} hangs: it has been in {}() for {:.0f} s, but [watchdog] plugin_call allows {:g} s; {}",
                      name_of(plugins_[p]), now[i].call, seen.seconds, limits_.plugin_call, whereabouts(reading))};
    }
  }
  return std::nullopt;
}

std::string HangDetector::calls_under_way() const {
  std::string text;
  for (std::size_t p = 0; p < plugins_.size(); ++p) {
    const auto now = plugins_[p].calls->under_way();
    for (std::size_t i = 0; i < now.size(); ++i) {
      const auto& [number, seconds] = calls_[p][i];
      if (now[i].call == nullptr || now[i].number != number) continue;
      text += fmt::format("{}{}() of {}, for {:.0f} s", text.empty() ? "in progress: " : ", ", now[i].call,
                          name_of(plugins_[p]), seconds);
    }
  }
  return text.empty() ? "no plugin call is in progress" : text;
}

Watchdog::Watchdog(HangDetector detector, Alarm alarm)
    : detector_(std::move(detector)), alarm_(std::move(alarm)), thread_([this] { watch(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
  thread_.join();
}

void Watchdog::watch() {
  using Clock = std::chrono::steady_clock;
  auto last = Clock::now();
  std::unique_lock lock(mutex_);
  while (!stopped_.wait_for(lock, tick, [this] { return stop_; })) {
    const auto now = Clock::now();
    // If more time has passed, the whole process was suspended, so do not count it.
    const std::chrono::duration<double> passed = std::min<Clock::duration>(now - last, 2 * tick);
    last = now;
    const auto hang = detector_.look(passed.count());
    if (!hang) continue;
    lock.unlock();
    return alarm_(*hang);
  }
}

}  // namespace binade::host
