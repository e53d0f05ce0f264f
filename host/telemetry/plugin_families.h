// The metrics of plugins as Prometheus families.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "host/loading/plugin_metrics.h"

namespace binade::host {

// Created for each scrape.
class PluginFamilies {
 public:
  explicit PluginFamilies(std::string run_id) : run_id_(std::move(run_id)) {}

  // Adds a plugin's series. Several instances of a plugin are summed, except gauges, of which the last one is used.
  // Returns the number of metrics that were refused because their name is already taken.
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

// "binade_plugin_csv_rows_total"; appends _total to counters if necessary.
std::string plugin_metric_name(const std::string& id, const MetricDeclaration& metric);

}  // namespace binade::host
