#include "host/trials/fold_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "host/base/read_file.h"

namespace binade::host {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson summary_of(const FoldRun& run) {
  const auto file = run.directory / "summary.json";
  auto json = OrderedJson::parse(read_file(file), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) throw std::runtime_error(file.string() + " is not the summary of a run");
  return json;
}

double number_at(const OrderedJson& json, const std::string& pointer) {
  const nlohmann::json_pointer<std::string> at(pointer);
  return json.contains(at) && json.at(at).is_number() ? json.at(at).get<double>() : std::nan("");
}

// Names of the measures and their places in summary.json.
std::vector<std::pair<std::string, std::string>> places(const OrderedJson& summary) {
  std::vector<std::pair<std::string, std::string>> found{{"validation_loss", "/validation_loss"},
                                                         {"validation_accuracy", "/validation_accuracy"}};
  const auto held_out = summary.value("held_out", OrderedJson::object());
  for (const auto& [split, result] : held_out.items()) {
    for (const char* name : {"loss", "accuracy"}) {
      found.emplace_back(fmt::format("{}_{}", split, name), fmt::format("/held_out/{}/{}", split, name));
    }
  }
  return found;
}

bool is_accuracy(const std::string& name) { return name.ends_with("accuracy"); }

std::string shown_value(const std::string& name, double value) {
  if (std::isnan(value)) return "-";
  return is_accuracy(name) ? fmt::format("{:.2f} %", 100 * value) : fmt::format("{:.4f}", value);
}

std::string shown_interval(const FoldMeasure& measure) {
  const auto& [value, low, high] = measure.mean;
  if (std::isinf(low)) return shown_value(measure.name, value);
  return fmt::format("{} ({} to {})", shown_value(measure.name, value), shown_value(measure.name, low),
                     shown_value(measure.name, high));
}

OrderedJson finite(double value) { return std::isfinite(value) ? OrderedJson(value) : OrderedJson(nullptr); }

}  // namespace

std::vector<FoldMeasure> read_measures(const std::vector<FoldRun>& runs) {
  std::vector<OrderedJson> summaries;
  summaries.reserve(runs.size());
  for (const auto& run : runs) summaries.push_back(summary_of(run));
  std::vector<FoldMeasure> measures;
  if (summaries.empty()) return measures;
  for (const auto& [name, place] : places(summaries.front())) {
    FoldMeasure measure{name, {}, {}};
    measure.values.reserve(summaries.size());
    for (const auto& summary : summaries) measure.values.push_back(number_at(summary, place));
    if (std::all_of(measure.values.begin(), measure.values.end(), [](double value) { return std::isnan(value); })) {
      continue;
    }
    measure.mean = mean_interval(measure.values);
    measures.push_back(std::move(measure));
  }
  return measures;
}

std::string folds_table(const std::vector<FoldRun>& runs, const std::vector<FoldMeasure>& measures, std::uint64_t folds,
                        const Paint& paint) {
  constexpr std::size_t narrow = 20, wide = 34;
  std::string text = fmt::format("{:<8}", "fold");
  for (const auto& measure : measures) text += fmt::format("{:>{}}", measure.name, narrow);
  text += "\n";
  for (std::size_t row = 0; row < runs.size(); ++row) {
    text += fmt::format("{:<8}", fmt::format("{}/{}", runs[row].fold + 1, folds));
    for (const auto& measure : measures) {
      text += fmt::format("{:>{}}", shown_value(measure.name, measure.values[row]), narrow);
    }
    text += "\n";
  }
  text += "\n";
  for (const auto& measure : measures) {
    text += fmt::format("{:<{}}{}\n", "mean " + measure.name, wide, paint.bold(shown_interval(measure)));
  }
  return text;
}

std::string folds_json(const std::vector<FoldRun>& runs, const std::vector<FoldMeasure>& measures, std::uint64_t folds,
                       const std::string& state) {
  OrderedJson json{
      {"state", state}, {"folds", folds}, {"means", OrderedJson::object()}, {"runs", OrderedJson::array()}};
  for (const auto& measure : measures) {
    json["means"][measure.name] = {
        {"mean", finite(measure.mean.value)}, {"low", finite(measure.mean.low)}, {"high", finite(measure.mean.high)}};
  }
  for (std::size_t row = 0; row < runs.size(); ++row) {
    OrderedJson run{
        {"fold", runs[row].fold}, {"directory", runs[row].directory.string()}, {"seconds", runs[row].seconds}};
    for (const auto& measure : measures) run[measure.name] = finite(measure.values[row]);
    json["runs"].push_back(std::move(run));
  }
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace binade::host
