// Registers the metrics; adds the validation and limits that prometheus-cpp lacks.
#include "host/telemetry/metric_families.h"

#include <fmt/format.h>

#include <stdexcept>

namespace binade::host {
namespace {

constexpr std::size_t longest_label = 128;

// Length of the valid UTF-8 sequence at the start of `text`, 0 if there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xC2 && first < 0xE0   ? 2
                             : first >= 0xE0 && first < 0xF0 ? 3
                             : first >= 0xF0 && first < 0xF5 ? 4
                                                             : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool surrogate = first == 0xED && byte(1) >= 0xA0;
  const bool too_large = first == 0xF4 && byte(1) >= 0x90;
  return overlong || surrogate || too_large ? 0 : length;
}

MetricFamilies::Labels cleaned(const MetricFamilies::Labels& labels) {
  MetricFamilies::Labels result;
  for (const auto& [name, value] : labels) result.emplace(name, label_value(value));
  return result;
}

template <class Entries>
auto& find(Entries& entries, std::string_view name) {
  const auto entry = entries.find(name);
  if (entry == entries.end()) throw std::logic_error(fmt::format("the metric catalogue has no {} of this type", name));
  return entry->second;
}

}  // namespace

std::string label_value(std::string_view text) {
  std::string value;
  while (!text.empty()) {
    const auto length = sequence_length(text);
    const std::string_view next = length > 0 ? text.substr(0, length) : "\xEF\xBF\xBD";
    if (value.size() + next.size() > longest_label) break;
    value += next;
    text.remove_prefix(length > 0 ? length : 1);
  }
  return value;
}

std::string escaped_help(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\\\";
    } else if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

MetricFamilies::MetricFamilies(const std::string& run_id, std::span<const MetricSpec> catalogue) {
  for (const auto& spec : catalogue) {
    add_family(spec, {{"run_id", run_id}});
    add_known_series(spec);
  }
}

void MetricFamilies::add_family(const MetricSpec& spec, const Labels& constant) {
  const auto build = [&](auto builder) {
    return &builder.Name(std::string(spec.name)).Help(escaped_help(spec.help)).Labels(constant).Register(registry_);
  };
  switch (spec.type) {
    case MetricType::gauge:
      gauges_[spec.name] = {build(prometheus::BuildGauge()), &spec, {}};
      break;
    case MetricType::counter:
      counters_[spec.name] = {build(prometheus::BuildCounter()), &spec, {}};
      break;
    case MetricType::histogram:
      histograms_[spec.name] = {build(prometheus::BuildHistogram()), &spec, {}};
      break;
  }
}

void MetricFamilies::add_known_series(const MetricSpec& spec) {
  std::vector<Labels> series{{}};
  for (const auto& label : metric_labels(spec)) {
    std::vector<Labels> longer;
    for (const auto& labels : series) {
      for (const auto& value : label.values) {
        longer.push_back(labels);
        longer.back()[label.name] = value;
      }
    }
    series = std::move(longer);  // becomes empty if one label's values are not known
  }
  for (const auto& labels : series) {
    if (spec.type == MetricType::gauge) gauge(spec.name, labels);
    if (spec.type == MetricType::counter) counter(spec.name, labels);
    if (spec.type == MetricType::histogram) histogram(spec.name, labels);
  }
}

template <class Metric>
MetricFamilies::Labels MetricFamilies::bounded(Entry<Metric>& entry, const Labels& labels) {
  auto clean = cleaned(labels);
  const std::lock_guard lock(adding_);
  if (entry.known.size() >= max_series && entry.known.count(clean) == 0) {
    for (const auto& label : metric_labels(*entry.spec)) {
      if (label.values.empty()) clean[label.name] = "other";
    }
  }
  entry.known.insert(clean);
  return clean;
}

prometheus::Gauge& MetricFamilies::gauge(std::string_view name, const Labels& labels) {
  auto& entry = find(gauges_, name);
  return entry.family->Add(bounded(entry, labels), entry.spec->start);
}

prometheus::Counter& MetricFamilies::counter(std::string_view name, const Labels& labels) {
  auto& entry = find(counters_, name);
  return entry.family->Add(bounded(entry, labels));
}

prometheus::Histogram& MetricFamilies::histogram(std::string_view name, const Labels& labels) {
  auto& entry = find(histograms_, name);
  return entry.family->Add(bounded(entry, labels), prometheus::Histogram::BucketBoundaries(entry.spec->buckets.begin(),
                                                                                           entry.spec->buckets.end()));
}

}  // namespace binade::host
