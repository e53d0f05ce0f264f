// What a plugin counts itself, and how long the host's calls of it take. Filled on any thread without locks, read when
// somebody scrapes.
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

// How often each call was made, how long all of them took together, and which are under way. A call costs this some ten
// nanoseconds; therefore calls that take less than some microseconds are timed one in sixteen, which counts for all.
class CallTimes {
 private:
  struct Place;

 public:
  static constexpr std::size_t max_calls = 16;  // names; further ones are not timed
  static constexpr std::size_t max_under_way = 72;

  // One call, from the constructor to the destructor; not counted where more than max_under_way are under way. Any
  // thread, no lock. `call` lives for ever: a string literal.
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
  // In the order of their first calls. Any thread.
  std::vector<Reading> read() const;

  // A call failed. Any thread.
  void failed(const char* call) noexcept;
  struct Failures {
    std::uint64_t load = 0, call = 0;  // create(), and all others
  };
  Failures failures() const {
    return {failed_loads_.load(std::memory_order_relaxed), failed_calls_.load(std::memory_order_relaxed)};
  }

  struct UnderWay {
    const char* call;      // nullptr: none
    std::uint64_t number;  // another one for each call in this place
  };
  std::array<UnderWay, max_under_way> under_way() const noexcept;
  // The call that a thread (gettid) is in; nullptr: none. Any thread, signal handlers too.
  const char* call_of(int thread) const noexcept;

 private:
  // One call at a time. While `call` is set, its thread alone writes the rest.
  struct alignas(64) Place {
    struct Sum {
      std::atomic<std::uint64_t> count{0};
      std::atomic<double> seconds{0};
      std::uint32_t skipped = 0;    // since the last that was timed
      std::uint32_t skip_next = 0;  // so many are not timed
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
