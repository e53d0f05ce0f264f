#include "host/bench/bench_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace binade::host {
namespace {

std::string bytes(double number) { return std::isfinite(number) ? short_number(number) + "B" : "-"; }

// Columns as wide as their widest cell, numbers aligned right; the first row is the heading.
class Columns {
 public:
  explicit Columns(std::vector<std::string> heading) { rows_.push_back(std::move(heading)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  std::string text(const Paint& paint) const {
    std::string out;
    for (const auto& row : rows_) {
      std::string line;
      for (std::size_t column = 0; column < row.size(); ++column) {
        line += column == 0 ? fmt::format("  {:<{}}", row[0], width(0))
                            : fmt::format("  {:>{}}", row[column], width(column));
      }
      out += (&row == &rows_.front() ? paint.dim(line) : line) + "\n";
    }
    return out;
  }

 private:
  std::size_t width(std::size_t column) const {
    std::size_t widest = 0;
    for (const auto& row : rows_) widest = std::max(widest, row[column].size());
    return widest;
  }
  std::vector<std::vector<std::string>> rows_;
};

std::string measured(const BenchResult& result, const Paint& paint) {
  Columns columns({"contender", "samples/s", "steps/s", "median step", "tensors", "process", "accuracy",
                   result.validation_loss ? "validation loss" : "training loss", "skipped"});
  for (const auto& c : result.contenders) {
    constexpr double milliseconds = 1000;
    columns.add({c.id, short_number(c.samples_per_second), short_number(c.steps_per_second),
                 fmt::format("{:.4g} ms", c.median_step_seconds * milliseconds), bytes(c.tensor_bytes),
                 bytes(c.process_bytes), std::isfinite(c.accuracy) ? fmt::format("{:.2f} %", 100 * c.accuracy) : "-",
                 fmt::format("{:.4f}", c.loss), fmt::format("{}", c.skipped_steps)});
  }
  return columns.text(paint);
}

// The name of a criterion and the format of its numbers.
struct Style {
  std::string_view criterion, name, format, unit;
  bool within;
};
constexpr std::array styles{Style{"speedup", "speed-up", "{:.3f}", "x", false},
                            Style{"allocator_memory", "less memory, tensors", "{:.1f}", " %", false},
                            Style{"process_memory", "less memory, process", "{:.1f}", " %", false},
                            Style{"accuracy", "accuracy difference", "{:+.4f}", "", true},
                            Style{"loss", "loss difference", "{:+.4f}", "", true}};

std::string verdict_text(const Comparison& comparison, const Paint& paint) {
  if (!comparison.threshold) return "";
  if (!comparison.verdict) return paint.red("no verdict");
  const auto name = verdict_names[static_cast<std::size_t>(*comparison.verdict)];
  return *comparison.verdict == Verdict::met       ? paint.green(name)
         : *comparison.verdict == Verdict::not_met ? paint.red(name)
                                                   : paint.yellow(name);
}

std::string compared(const ContenderResult& contender, const std::string& baseline, const Paint& paint) {
  Columns columns({contender.id + " against " + baseline, "", "95 % interval", "wanted", "verdict"});
  for (const auto& comparison : contender.comparisons) {
    const auto& style = *std::ranges::find(styles, comparison.criterion, &Style::criterion);
    const auto number = [&](double value) { return fmt::format(fmt::runtime(style.format), value); };
    const auto& [value, low, high] = comparison.interval;
    std::vector<std::string> row{std::string(style.name), "-", "", "", verdict_text(comparison, paint)};
    if (std::isfinite(value)) row[1] = number(value) + std::string(style.unit);
    if (std::isfinite(value))
      row[2] = std::isfinite(high) ? fmt::format("[{}, {}]", number(low), number(high)) : "one repeat";
    if (comparison.threshold) {
      row[3] = fmt::format("{} {:g}{}", style.within ? "<" : ">=", *comparison.threshold, style.unit);
    }
    columns.add(std::move(row));
  }
  return columns.text(paint);
}

}  // namespace

std::string bench_table(const BenchReport& report, const Paint& paint) {
  const auto& result = report.result;
  const auto seed = report.plan.first_seed();
  std::string ids;
  for (const auto& contender : result.contenders) ids += (ids.empty() ? "" : ", ") + contender.id;
  auto text = fmt::format(
      "{}: {} on {}, {}\n  {} of {} repeats (seeds {} to {}), {} steps each, of which the first {} are not timed\n"
      "  same data, initial weights and samples in each repeat: verified; [precision] cpu = \"allow\", so none falls "
      "back\n\n",
      paint.bold("bench of " + report.plan.experiment.experiment.name), ids, result.device,
      report.state == "finished" ? paint.green(report.state) : paint.yellow(report.state), result.repeats,
      report.arguments.repeats, seed, seed + result.repeats - 1, result.steps, result.warmup_steps);
  if (report.plan.drops_use_amp) text += "  [precision] use_amp is ignored: each contender runs as its plugin says\n\n";
  text += measured(result, paint);
  for (std::size_t i = 1; i < result.contenders.size(); ++i) {
    text += "\n" + compared(result.contenders[i], result.contenders.front().id, paint);
  }
  for (const auto& sentence : report.nothing_learned) text += fmt::format("\n{}\n", paint.red(sentence));
  for (const auto& sentence : report.advice) text += fmt::format("\n{}\n", paint.bold(sentence));
  return text + fmt::format("\n  {} {}\n", paint.dim("results   "), (report.directory / "bench.json").string());
}

}  // namespace binade::host
