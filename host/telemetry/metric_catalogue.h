// Every metric that Binade exports, as one table: registration reads it, and so does the reference that is printed.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace binade::host {

enum class MetricType { gauge, counter, histogram };

struct MetricSpec {
  std::string_view name;
  MetricType type;
  // Beside run_id, which every series has. "stage=unscaled,clipped" when all values are known: these series exist from
  // the first scrape on. "plugin kind" when they are not: a series exists as soon as its labels are known.
  std::string_view labels;
  std::string_view help;  // one line
  std::span<const double> buckets{};
  double start = 0;  // NaN for what has no value before it was measured
};

struct MetricLabel {
  std::string name;
  std::vector<std::string> values;  // empty: not known beforehand
};

std::span<const MetricSpec> metric_catalogue();

// The labels of a row, in order.
std::vector<MetricLabel> metric_labels(const MetricSpec& spec);

// A catalogue as a Markdown table.
std::string metric_reference(std::span<const MetricSpec> specs = metric_catalogue());

}  // namespace binade::host
