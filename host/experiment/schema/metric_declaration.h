// The metrics that a plugin declares in its manifest under [metrics.<name>]. It can update only these.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/experiment/toml/document.h"

namespace binade::host {

enum class PluginMetricType { counter, gauge, histogram };

std::string_view to_string(PluginMetricType type);

struct DeclaredLabel {
  std::string name;                 // [a-z][a-z0-9_]{0,31}
  std::vector<std::string> values;  // all values that can occur
};

struct MetricDeclaration {
  std::string name;  // [a-z][a-z0-9_]{0,47}
  PluginMetricType type = PluginMetricType::counter;
  std::string help;  // one line
  std::vector<DeclaredLabel> labels;
  std::vector<double> buckets;  // of a histogram: ascending upper bounds

  std::size_t series() const;  // one for each combination of label values
};

constexpr std::size_t max_plugin_metrics = 32;  // of one plugin
constexpr std::size_t max_plugin_series = 256;  // of all of them together
constexpr std::size_t max_label_values = 16;
constexpr std::size_t max_buckets = 24;

// Reads a manifest's `metrics` and adds mistakes to `diagnostics`.
std::vector<MetricDeclaration> read_metrics(const Node& metrics, Diagnostics& diagnostics);

}  // namespace binade::host
