#include "host/loading/plugin_metrics.h"

#include <algorithm>
#include <cmath>

#include "host/loading/plugin_text.h"
#include "host/loading/plugin_thread.h"

namespace binade::host {
namespace {

// Returns every combination of the labels' values.
std::vector<std::vector<std::string>> combinations(const std::vector<DeclaredLabel>& labels) {
  std::vector<std::vector<std::string>> all{{}};
  for (const auto& label : labels) {
    std::vector<std::vector<std::string>> longer;
    for (const auto& values : all) {
      for (const auto& value : label.values) {
        longer.push_back(values);
        longer.back().push_back(value);
      }
    }
    all = std::move(longer);
  }
  return all;
}

bool is_of(const std::vector<std::string>& values, const std::vector<DeclaredLabel>& declared,
           const binade_label* labels, std::uint64_t count) {
  if (count != declared.size()) return false;
  for (std::size_t i = 0; i < declared.size(); ++i) {
    const auto same = [&](const binade_label& given) {
      return view(given.name) == declared[i].name && view(given.value) == values[i];
    };
    if (std::none_of(labels, labels + count, same)) return false;
  }
  return true;
}

}  // namespace

PluginMetrics::PluginMetrics(std::vector<MetricDeclaration> declarations) : declarations_(std::move(declarations)) {
  std::size_t count = 0;
  for (const auto& metric : declarations_) count += combinations(metric.labels).size();
  series_ = std::vector<Series>(count);
  auto next = series_.begin();
  for (const auto& metric : declarations_) {
    for (auto& values : combinations(metric.labels)) {
      next->metric = &metric;
      next->label_values = std::move(values);
      next->counts = std::make_unique<std::atomic<std::uint64_t>[]>(metric.buckets.size() + 1);
      ++next;
    }
  }
}

binade_series* PluginMetrics::find(std::string_view metric, const binade_label* labels,
                                   std::uint64_t label_count) noexcept {
  const auto found = std::find_if(series_.begin(), series_.end(), [&](const Series& series) {
    return series.metric->name == metric && is_of(series.label_values, series.metric->labels, labels, label_count);
  });
  if (found != series_.end()) return reinterpret_cast<binade_series*>(&*found);
  reject();
  return nullptr;
}

PluginMetrics::Series* PluginMetrics::series_of(binade_series* handle,
                                                std::initializer_list<PluginMetricType> types) noexcept {
  if (handle == nullptr) return nullptr;  // its absence was counted when it was requested
  const auto offset = reinterpret_cast<std::uintptr_t>(handle) - reinterpret_cast<std::uintptr_t>(series_.data());
  const bool ours = offset < series_.size() * sizeof(Series) && offset % sizeof(Series) == 0;
  auto* series = ours ? &series_[offset / sizeof(Series)] : nullptr;
  if (ours && std::find(types.begin(), types.end(), series->metric->type) != types.end()) return series;
  reject();
  return nullptr;
}

void PluginMetrics::add(binade_series* handle, double amount) noexcept {
  auto* series = series_of(handle, {PluginMetricType::counter, PluginMetricType::gauge});
  if (series == nullptr) return;
  const bool counter = series->metric->type == PluginMetricType::counter;
  if (counter && !(std::isfinite(amount) && amount >= 0)) return reject();
  series->value.fetch_add(amount, std::memory_order_relaxed);
}

void PluginMetrics::set(binade_series* handle, double value) noexcept {
  auto* series = series_of(handle, {PluginMetricType::gauge});
  if (series != nullptr) series->value.store(value, std::memory_order_relaxed);
}

void PluginMetrics::observe(binade_series* handle, double value) noexcept {
  auto* series = series_of(handle, {PluginMetricType::histogram});
  if (series == nullptr) return;
  if (!std::isfinite(value)) return reject();
  const auto& bounds = series->metric->buckets;
  const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin();
  series->counts[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  series->value.fetch_add(value, std::memory_order_relaxed);
}

void PluginMetrics::read(const std::function<void(const Reading&)>& reader) const {
  for (const auto& series : series_) {
    Reading reading{*series.metric, series.label_values, series.value.load(std::memory_order_relaxed), {}};
    for (std::size_t i = 0; i <= series.metric->buckets.size(); ++i) {
      reading.counts.push_back(series.counts[i].load(std::memory_order_relaxed));
    }
    reader(reading);
  }
}

namespace {

constexpr std::uint32_t timed_one_in = 16;
constexpr double always_timed = 4e-6;  // seconds

// Only one thread writes it, so a load and a store suffice, which are cheapest.
template <class T>
void raise(std::atomic<T>& sum, T amount) noexcept {
  sum.store(sum.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

}  // namespace

// max_calls when there is no room for another name.
std::size_t CallTimes::name_of(const char* call) noexcept {
  for (std::size_t i = 0; i < max_calls; ++i) {
    const char* known = names_[i].load(std::memory_order_acquire);
    if (known == call) return i;
    if (known == nullptr && names_[i].compare_exchange_strong(known, call, std::memory_order_acq_rel)) return i;
    if (known == call || std::string_view(known) == call) return i;
  }
  return max_calls;
}

void CallTimes::enter(Mark& mark, const char* call) noexcept {
  static thread_local const PluginThread thread;
  // Threads begin at different slots, so that they rarely collide.
  const auto first = static_cast<std::size_t>(thread.id) % max_under_way;
  for (std::size_t i = 0; i < max_under_way; ++i) {
    auto& place = places_[(first + i) % max_under_way];
    const char* nothing = nullptr;
    if (place.call.load(std::memory_order_relaxed) != nullptr) continue;
    if (!place.call.compare_exchange_strong(nothing, call, std::memory_order_acq_rel)) continue;
    raise<std::uint64_t>(place.number, 1);
    place.thread.store(thread.id, std::memory_order_relaxed);
    mark.place_ = &place;
    mark.name_ = name_of(call);
    if (mark.name_ == max_calls) return;
    auto& sum = place.sums[mark.name_];
    mark.timed_ = sum.skipped >= sum.skip_next;
    if (mark.timed_) mark.start_ = std::chrono::steady_clock::now();
    return;
  }
}

void CallTimes::Mark::leave() noexcept {
  if (name_ < max_calls) {
    auto& sum = place_->sums[name_];
    raise<std::uint64_t>(sum.count, 1);
    if (timed_) {
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start_;
      raise(sum.seconds, took.count() * (sum.skipped + 1));
      sum.skip_next = took.count() < always_timed ? timed_one_in - 1 : 0;
      sum.skipped = 0;
    } else {
      ++sum.skipped;
    }
  }
  place_->call.store(nullptr, std::memory_order_release);
}

void CallTimes::failed(const char* call) noexcept {
  auto& failures = std::string_view(call) == "create" ? failed_loads_ : failed_calls_;
  failures.fetch_add(1, std::memory_order_relaxed);
}

std::vector<CallTimes::Reading> CallTimes::read() const {
  std::vector<Reading> readings;
  for (std::size_t i = 0; i < max_calls; ++i) {
    const char* call = names_[i].load(std::memory_order_acquire);
    if (call == nullptr) break;
    readings.push_back({call, 0, 0});
    for (const auto& place : places_) {
      readings.back().count += place.sums[i].count.load(std::memory_order_relaxed);
      readings.back().seconds += place.sums[i].seconds.load(std::memory_order_relaxed);
    }
  }
  return readings;
}

const char* CallTimes::call_of(int thread) const noexcept {
  for (const auto& place : places_) {
    const char* const call = place.call.load(std::memory_order_relaxed);
    if (call != nullptr && place.thread.load(std::memory_order_relaxed) == thread) return call;
  }
  return nullptr;
}

std::array<CallTimes::UnderWay, CallTimes::max_under_way> CallTimes::under_way() const noexcept {
  std::array<UnderWay, max_under_way> calls{};
  for (std::size_t i = 0; i < max_under_way; ++i) {
    calls[i] = {places_[i].call.load(std::memory_order_acquire), places_[i].number.load(std::memory_order_relaxed)};
  }
  return calls;
}

}  // namespace binade::host
