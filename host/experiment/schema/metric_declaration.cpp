// Checks [metrics] of a manifest strictly enough that everything accepted is valid in an exposition.
#include "host/experiment/schema/metric_declaration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "host/experiment/schema/table_validation.h"
#include "host/experiment/schema/value_validation.h"
#include "host/experiment/toml/toml_text.h"

namespace binade::host {
namespace {

constexpr std::array<std::string_view, 3> metric_type_names{"counter", "gauge", "histogram"};
constexpr std::array<std::string_view, 6> taken_labels{"run_id", "plugin", "job", "instance", "le", "quantile"};

const std::vector<OptionSpec>& metric_specs() {
  static const auto specs = [] {
    std::vector<OptionSpec> all(3);
    all[0].name = "type";
    for (const auto name : metric_type_names) all[0].choices.emplace_back(std::string(name));
    all[1].name = "help";
    all[2].name = "buckets";
    all[2].type = OptionType::number;
    all[2].array = all[2].optional = true;
    return all;
  }();
  return specs;
}

bool is_name(std::string_view text, std::size_t longest) {
  return !text.empty() && text.size() <= longest && text.front() >= 'a' && text.front() <= 'z' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos &&
         text.find("__") == std::string_view::npos;
}

bool is_one_line(std::string_view text, std::size_t longest) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  return !text.empty() && text.size() <= longest && std::none_of(text.begin(), text.end(), control);
}

class MetricReader {
 public:
  explicit MetricReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void read(const Member& member, std::vector<MetricDeclaration>& out) {
    const auto path = "metrics." + member.key;
    const auto before = diagnostics_.all().size();
    MetricDeclaration metric;
    metric.name = member.key;
    if (!is_name(member.key, 48)) {
      add("E0118", fmt::format("`{}` cannot name a metric", member.key), member.where,
          "a name has 1 to 48 characters of a-z 0-9 _, begins with a letter and has no two _ in a row");
    }
    if (member.value.kind != Node::Kind::table) {
      return add("E0115", fmt::format("`{}` must be a table, got {}", path, member.value.described()),
                 member.value.where, fmt::format("declare it as [{}] with `type = ...`", path));
    }
    const auto table =
        check_table(member.value, {path, {}, {}, {"labels"}, false, false}, pointers(metric_specs()), diagnostics_);
    if (table.has("type")) read_type(table, path, metric);
    if (table.has("help")) read_help(table, path, metric);
    if (const Member* labels = member.value.find("labels")) read_labels(*labels, path, metric);
    if (diagnostics_.all().size() == before) out.push_back(std::move(metric));
  }

  void add(const char* code, std::string message, const Location& where, std::string note = "") {
    Diagnostic diagnostic{code, std::move(message), where, "", {}};
    if (!note.empty()) diagnostic.notes.push_back(std::move(note));
    diagnostics_.add(std::move(diagnostic));
  }

 private:
  void read_type(const OptionTable& table, const std::string& path, MetricDeclaration& metric) {
    const auto found = std::find(metric_type_names.begin(), metric_type_names.end(), table.string("type"));
    metric.type = static_cast<PluginMetricType>(found - metric_type_names.begin());
    const bool histogram = metric.type == PluginMetricType::histogram;
    const bool has = table.has("buckets");
    if (histogram != has) {
      add("E0119", fmt::format("`{}` {} `buckets`", path, histogram ? "needs" : "cannot have"),
          table.find("type")->where,
          histogram ? "for example: buckets = [0.001, 0.01, 0.1, 1]" : "only a histogram has them");
    }
    if (!has) return;
    for (const auto& bound : table.find("buckets")->values) metric.buckets.push_back(std::get<double>(bound));
    const bool ascending = std::adjacent_find(metric.buckets.begin(), metric.buckets.end(), std::greater_equal<>()) ==
                           metric.buckets.end();
    if (metric.buckets.empty() || metric.buckets.size() > max_buckets || !ascending) {
      add("E0118", fmt::format("`{}.buckets` must be 1 to {} numbers, each above the one before", path, max_buckets),
          table.find("buckets")->where);
    }
  }

  void read_help(const OptionTable& table, const std::string& path, MetricDeclaration& metric) {
    metric.help = table.string("help");
    if (is_one_line(metric.help, 200)) return;
    add("E0118", fmt::format("`{}.help` must be one line of 1 to 200 bytes", path), table.find("help")->where);
  }

  void read_labels(const Member& labels, const std::string& path, MetricDeclaration& metric) {
    if (labels.value.kind != Node::Kind::table) {
      return add("E0115", fmt::format("`{}.labels` must be a table, got {}", path, labels.value.described()),
                 labels.value.where, "for example: labels = { reason = [\"empty\", \"broken\"] }");
    }
    for (const Member& label : labels.value.members) {
      const bool taken = std::find(taken_labels.begin(), taken_labels.end(), label.key) != taken_labels.end();
      if (!is_name(label.key, 32) || taken) {
        add("E0118", fmt::format("`{}` cannot name a label", label.key), label.where,
            taken ? "the host or Prometheus uses a label of this name" : "a name has 1 to 32 characters of a-z 0-9 _");
      }
      OptionSpec texts;
      texts.array = true;
      const auto values = check_value(label.value, path + ".labels." + label.key, texts, diagnostics_);
      if (!values) continue;
      DeclaredLabel declared{label.key, {}};
      for (const auto& value : *values) declared.values.push_back(std::get<std::string>(value));
      check_values(declared, path, label.value.where);
      metric.labels.push_back(std::move(declared));
    }
  }

  void check_values(const DeclaredLabel& label, const std::string& path, const Location& where) {
    auto sorted = label.values;
    std::sort(sorted.begin(), sorted.end());
    const bool twice = std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
    const bool lines = std::all_of(sorted.begin(), sorted.end(), [](const auto& v) { return is_one_line(v, 64); });
    if (!label.values.empty() && label.values.size() <= max_label_values && !twice && lines) return;
    add("E0118",
        fmt::format("`{}.labels.{}` must be 1 to {} different texts of 1 to 64 bytes", path, label.name,
                    max_label_values),
        where);
  }

  Diagnostics& diagnostics_;
};

}  // namespace

std::string_view to_string(PluginMetricType type) { return metric_type_names[static_cast<std::size_t>(type)]; }

std::size_t MetricDeclaration::series() const {
  std::size_t count = 1;
  for (const auto& label : labels) count = std::min(count * label.values.size(), max_plugin_series + 1);
  return count;
}

std::vector<MetricDeclaration> read_metrics(const Node& metrics, Diagnostics& diagnostics) {
  MetricReader reader(diagnostics);
  std::vector<MetricDeclaration> out;
  if (metrics.kind != Node::Kind::table) {
    reader.add("E0115", fmt::format("`metrics` must be a table, got {}", metrics.described()), metrics.where,
               "declare each metric as [metrics.<name>]");
    return out;
  }
  for (const Member& member : metrics.members) reader.read(member, out);
  std::size_t series = 0;
  for (const auto& metric : out) series += metric.series();
  if (out.size() > max_plugin_metrics || series > max_plugin_series) {
    reader.add("E0119", fmt::format("{} metrics with {} series are too many", out.size(), series), metrics.where,
               fmt::format("a plugin has at most {} metrics, and {} combinations of their labels", max_plugin_metrics,
                           max_plugin_series));
  }
  return out;
}

}  // namespace binade::host
