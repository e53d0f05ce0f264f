// What a plugin counts itself, and how long the host's calls of it take. Filled on any thread without locks, read when
// somebody scrapes.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "binade/abi/plugin.h"
#include "host/experiment/metric_declaration.h"

namespace binade::host {

// The series of the metrics that a manifest declares: all of them are there from the start. The plugin's pointers into
// it are checked, so a wrong one is refused like any other misuse.
class PluginMetrics {
 public:
  explicit PluginMetrics(std::vector<MetricDeclaration> declarations);

  // As binade_host says. Any thread.
  binade_series* find(std::string_view metric, const binade_label* labels, std::uint64_t label_count) noexcept;
  void add(binade_series* series, double amount) noexcept;
  void set(binade_series* series, double value) noexcept;
  void observe(binade_series* series, double value) noexcept;

  std::uint64_t rejected() const { return rejected_.load(std::memory_order_relaxed); }

  // One series as it is now.
  struct Reading {
    const MetricDeclaration& metric;
    const std::vector<std::string>& label_values;  // in the order of metric.labels
    double value;                                  // a histogram's sum
    std::vector<std::uint64_t> counts;             // of a histogram: in each bucket, and above all of them
  };
  // Series of one metric come one after the other. Any thread.
  void read(const std::function<void(const Reading&)>& reader) const;

 private:
  struct Series {
    const MetricDeclaration* metric = nullptr;
    std::vector<std::string> label_values;
    std::atomic<double> value{0};
    std::unique_ptr<std::atomic<std::uint64_t>[]> counts;
  };

  Series* series_of(binade_series* handle, std::initializer_list<PluginMetricType> types) noexcept;
  void reject() noexcept { rejected_.fetch_add(1, std::memory_order_relaxed); }

  std::vector<MetricDeclaration> declarations_;
  std::vector<Series> series_;
  std::atomic<std::uint64_t> rejected_{0};
};

// How often each call was made, how long all of them took together, and which are under way.
class CallTimes {
 public:
  static constexpr std::size_t most_calls = 16;  // names; further ones are not timed

  // `call` lives for ever: a string literal. Any thread.
  void add(const char* call, double seconds) noexcept;

  struct Reading {
    const char* call;
    std::uint64_t count;
    double seconds;
  };
  std::vector<Reading> read() const;

  // While it lives, the call counts as under way; none of more than most_under_way at once. Any thread, no lock.
  class Mark {
   public:
    Mark(CallTimes* times, const char* call) noexcept : of_(times == nullptr ? nullptr : times->mark(call)) {}
    ~Mark() {
      if (of_ != nullptr) of_->store(nullptr, std::memory_order_release);
    }
    Mark(const Mark&) = delete;
    Mark& operator=(const Mark&) = delete;

   private:
    std::atomic<const char*>* of_;
  };

  static constexpr std::size_t most_under_way = 72;
  struct UnderWay {
    const char* call;      // nullptr: none
    std::uint64_t number;  // another one for each call in this place
  };
  std::array<UnderWay, most_under_way> under_way() const noexcept;
  // The call that a thread (gettid) is in; nullptr: none. Any thread, signal handlers too.
  const char* call_of(int thread) const noexcept;

 private:
  std::atomic<const char*>* mark(const char* call) noexcept;

  struct Place {
    std::atomic<const char*> call{nullptr};
    std::atomic<int> thread{0};
    std::atomic<std::uint64_t> number{0};
  };
  struct Slot {
    std::atomic<const char*> call{nullptr};
    std::atomic<std::uint64_t> count{0};
    std::atomic<double> seconds{0};
  };
  std::array<Slot, most_calls> slots_;
  std::array<Place, most_under_way> places_;
};

}  // namespace binade::host
