#include "host/telemetry/plugin_families.h"

#include <algorithm>
#include <limits>
#include <set>

#include "host/telemetry/metric_catalogue.h"
#include "host/telemetry/metric_families.h"

namespace binade::host {
namespace {

using prometheus::ClientMetric;

prometheus::MetricType type_of(const MetricDeclaration& metric) {
  return metric.type == PluginMetricType::counter ? prometheus::MetricType::Counter
         : metric.type == PluginMetricType::gauge ? prometheus::MetricType::Gauge
                                                  : prometheus::MetricType::Histogram;
}

ClientMetric empty_series(const std::string& run_id, const PluginMetrics::Reading& reading) {
  ClientMetric series;
  series.label.push_back({"run_id", run_id});
  for (std::size_t i = 0; i < reading.label_values.size(); ++i) {
    series.label.push_back({reading.metric.labels[i].name, label_value(reading.label_values[i])});
  }
  for (const double bound : reading.metric.buckets) series.histogram.bucket.push_back({0, bound});
  if (!reading.metric.buckets.empty()) {
    series.histogram.bucket.push_back({0, std::numeric_limits<double>::infinity()});
  }
  return series;
}

void add_reading(ClientMetric& series, const PluginMetrics::Reading& reading) {
  switch (reading.metric.type) {
    case PluginMetricType::counter:
      series.counter.value += reading.value;
      break;
    case PluginMetricType::gauge:
      series.gauge.value = reading.value;
      break;
    case PluginMetricType::histogram: {
      std::uint64_t cumulative = 0;
      for (std::size_t i = 0; i < reading.counts.size(); ++i) {
        cumulative += reading.counts[i];
        series.histogram.bucket[i].cumulative_count += cumulative;
      }
      series.histogram.sample_count += cumulative;
      series.histogram.sample_sum += reading.value;
      break;
    }
  }
}

bool is_hosts_own(const std::string& name) {
  const auto catalogue = metric_catalogue();
  return std::any_of(catalogue.begin(), catalogue.end(), [&](const MetricSpec& spec) { return spec.name == name; });
}

}  // namespace

std::string plugin_metric_name(const std::string& id, const MetricDeclaration& metric) {
  auto name = "binade_plugin_" + id + "_" + metric.name;
  std::replace(name.begin(), name.end(), '-', '_');
  constexpr std::string_view total = "_total";
  if (metric.type == PluginMetricType::counter && !name.ends_with(total)) name += total;
  return name;
}

std::uint64_t PluginFamilies::add(const std::string& id, const std::string& kind, const PluginMetrics& metrics) {
  std::set<std::string> refused;
  metrics.read([&](const PluginMetrics::Reading& reading) {
    const auto name = plugin_metric_name(id, reading.metric);
    const auto owner = kind + " " + id;
    auto& [family, of, series] = families_[name];
    if (of.empty()) {
      family.name = name;
      family.help = escaped_help(reading.metric.help);
      family.type = type_of(reading.metric);
      of = is_hosts_own(name) ? "the host" : owner;
    }
    if (of != owner || family.type != type_of(reading.metric)) {
      refused.insert(name);
      return;
    }
    const auto [place, added] = series.try_emplace(reading.label_values, family.metric.size());
    if (added) family.metric.push_back(empty_series(run_id_, reading));
    add_reading(family.metric[place->second], reading);
  });
  return refused.size();
}

void PluginFamilies::append_to(std::vector<prometheus::MetricFamily>& families) const {
  for (const auto& [name, one] : families_) {
    if (!one.family.metric.empty()) families.push_back(one.family);
  }
}

}  // namespace binade::host
