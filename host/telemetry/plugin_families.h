// What plugins count themselves, as families of Prometheus.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "host/loading/plugin_metrics.h"

namespace binade::host {

// Made for one scrape.
class PluginFamilies {
 public:
  explicit PluginFamilies(std::string run_id) : run_id_(std::move(run_id)) {}

  // Adds a plugin's series; those of a second instance of a plugin add to the first one's, but for gauges, of which the
  // last counts. Returns how many metrics were refused, because something else has their name.
  std::uint64_t add(const std::string& id, const std::string& kind, const PluginMetrics& metrics);

  void append_to(std::vector<prometheus::MetricFamily>& families) const;

 private:
  struct Family {
    prometheus::MetricFamily family;
    std::string owner;                                       // kind and id
    std::map<std::vector<std::string>, std::size_t> series;  // by label values, in family.metric
  };

  std::string run_id_;
  std::map<std::string, Family> families_;
};

// "binade_plugin_csv_rows_total": a counter's name ends in _total.
std::string plugin_metric_name(const std::string& id, const MetricDeclaration& metric);

}  // namespace binade::host
