// Registers the catalogue's rows as families of one Prometheus registry.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/telemetry/metric_catalogue.h"

namespace binade::host {

// Makes untrusted text a valid label value: replaces invalid UTF-8 with U+FFFD, because one invalid byte would fail the
// whole scrape, and truncates at a character after at most 128 bytes.
std::string label_value(std::string_view text);

// Escapes a help text for the exposition format: prometheus-cpp escapes label values, but not help texts.
std::string escaped_help(std::string_view text);

// Raises a counter to a total that is counted elsewhere.
inline void raise_to(prometheus::Counter& counter, double total) {
  counter.Increment(std::max(0.0, total - counter.Value()));
}

class MetricFamilies {
 public:
  // Registers all rows of the catalogue, which must outlive this, and adds the series whose labels are all known.
  explicit MetricFamilies(const std::string& run_id, std::span<const MetricSpec> catalogue = metric_catalogue());

  // Returns the series with these labels, creating it if necessary. Not for hot paths: keep the reference, which stays
  // valid. Label values are cleaned by label_value(). A metric has at most max_series series; further ones are merged
  // into one whose labels without known values are "other". Any thread. Throws std::logic_error for a name or type that
  // is not in the catalogue.
  using Labels = prometheus::Labels;
  static constexpr std::size_t max_series = 128;
  prometheus::Gauge& gauge(std::string_view name, const Labels& labels = {});
  prometheus::Counter& counter(std::string_view name, const Labels& labels = {});
  prometheus::Histogram& histogram(std::string_view name, const Labels& labels = {});

  std::vector<prometheus::MetricFamily> collect() const { return registry_.Collect(); }

 private:
  void add_family(const MetricSpec& spec, const Labels& constant);
  void add_known_series(const MetricSpec& spec);

  template <class Metric>
  struct Entry {
    prometheus::Family<Metric>* family;
    const MetricSpec* spec;
    std::set<Labels> known = {};  // guarded by adding_
  };
  template <class Metric>
  using Entries = std::map<std::string_view, Entry<Metric>, std::less<>>;

  // The labels after cleaning and limiting the number of series.
  template <class Metric>
  Labels bounded(Entry<Metric>& entry, const Labels& labels);

  prometheus::Registry registry_;
  std::mutex adding_;
  Entries<prometheus::Gauge> gauges_;
  Entries<prometheus::Counter> counters_;
  Entries<prometheus::Histogram> histograms_;
};

}  // namespace binade::host
