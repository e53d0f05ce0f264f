// A plugin's own metrics, and how long the host's calls of it take. Updated on any thread without locks, read by
// scrapes.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "binade/abi/plugin.h"
#include "host/experiment/schema/metric_declaration.h"

namespace binade::host {

// The series of the metrics that a manifest declares. All exist from the start. Pointers that the plugin passes are
// checked, so a wrong one is refused like any other misuse.
class PluginMetrics {
 public:
  explicit PluginMetrics(std::vector<MetricDeclaration> declarations);

  // As in binade_host. May be called from any thread.
  binade_series* find(std::string_view metric, const binade_label* labels, std::uint64_t label_count) noexcept;
  void add(binade_series* series, double amount) noexcept;
  void set(binade_series* series, double value) noexcept;
  void observe(binade_series* series, double value) noexcept;

  std::uint64_t rejected() const { return rejected_.load(std::memory_order_relaxed); }

  // The present state of one series.
  struct Reading {
    const MetricDeclaration& metric;
    const std::vector<std::string>& label_values;  // in the order of metric.labels
    double value;                                  // a histogram's sum
    std::vector<std::uint64_t> counts;             // of a histogram: in each bucket, and above the last
  };
  // Calls with the series of one metric one after the other. May be called from any thread.
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

// How often each call was made, how long all of them took together, and which are in progress. Measuring a call costs
// about ten nanoseconds, so of calls that take less than a few microseconds one in sixteen is timed and counts for all.
class CallTimes {
 private:
  struct Place;

 public:
  static constexpr std::size_t max_calls = 16;  // names; calls of further names are not timed
  static constexpr std::size_t max_under_way = 72;

  // One call, from the constructor to the destructor. Not counted when more than max_under_way are in progress. For any
  // thread, without locks. `call` must be a string literal.
  class Mark {
   public:
    Mark(CallTimes* times, const char* call) noexcept {
      if (times != nullptr) times->enter(*this, call);
    }
    ~Mark() {
      if (place_ != nullptr) leave();
    }
    Mark(const Mark&) = delete;
    Mark& operator=(const Mark&) = delete;

   private:
    friend class CallTimes;
    void leave() noexcept;

    Place* place_ = nullptr;
    std::size_t name_ = max_calls;
    bool timed_ = false;
    std::chrono::steady_clock::time_point start_;
  };

  struct Reading {
    const char* call;
    std::uint64_t count;
    double seconds;
  };
  // In the order of their first calls. May be called from any thread.
  std::vector<Reading> read() const;

  // Counts a failed call. May be called from any thread.
  void failed(const char* call) noexcept;
  struct Failures {
    std::uint64_t load = 0, call = 0;  // create(), and all other calls
  };
  Failures failures() const {
    return {failed_loads_.load(std::memory_order_relaxed), failed_calls_.load(std::memory_order_relaxed)};
  }

  struct UnderWay {
    const char* call;      // nullptr: no call
    std::uint64_t number;  // differs for each call in this slot
  };
  std::array<UnderWay, max_under_way> under_way() const noexcept;
  // Returns the call that a thread (gettid) is in. May be called from any thread and from signal handlers.
  const char* call_of(int thread) const noexcept;

 private:
  // One call at a time. While `call` is set, only its thread writes the rest.
  struct alignas(64) Place {
    struct Sum {
      std::atomic<std::uint64_t> count{0};
      std::atomic<double> seconds{0};
      std::uint32_t skipped = 0;    // since the last timed call
      std::uint32_t skip_next = 0;  // number of calls that are not timed
    };
    std::atomic<const char*> call{nullptr};
    std::atomic<int> thread{0};
    std::atomic<std::uint64_t> number{0};
    std::array<Sum, max_calls> sums;
  };

  void enter(Mark& mark, const char* call) noexcept;
  std::size_t name_of(const char* call) noexcept;

  std::array<std::atomic<const char*>, max_calls> names_{};
  std::array<Place, max_under_way> places_;
  std::atomic<std::uint64_t> failed_loads_{0}, failed_calls_{0};
};

}  // namespace binade::host
