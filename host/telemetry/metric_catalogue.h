// Every metric that Binade exports, in one table, which registration and the printed reference use.
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
  // The labels other than run_id, which every series has. "stage=unscaled,clipped" if all values are known: these
  // series exist from the first scrape on. "plugin kind" if not: a series exists as soon as its label values are known.
  std::string_view labels;
  std::string_view help;  // one line
  std::span<const double> buckets{};
  double start = 0;  // initial value; NaN if there is none before the first measurement
};

struct MetricLabel {
  std::string name;
  std::vector<std::string> values;  // empty if not known in advance
};

std::span<const MetricSpec> metric_catalogue();

// The labels of a row, in order.
std::vector<MetricLabel> metric_labels(const MetricSpec& spec);

// A catalogue as a Markdown table.
std::string metric_reference(std::span<const MetricSpec> specs = metric_catalogue());

}  // namespace binade::host
