#include "host/trials/lr_range.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "binade/abi/plugin.h"
#include "host/base/file_stream.h"
#include "host/cli/exit_codes.h"
#include "host/cli/signals.h"
#include "host/cli/terminal.h"
#include "host/loading/catalog.h"
#include "host/run/trial.h"
#include "host/trials/trials_folder.h"

namespace binade::host {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr double decay = 0.9;         // of the moving average
constexpr double diverged = 4;        // times the lowest smoothed loss
constexpr std::size_t shortest = 10;  // steps of a curve from which a rate can be read

std::vector<std::string> overrides(const LrRange& asked, const TrainSettings& train) {
  const double gamma = std::pow(asked.high / asked.low, 1 / static_cast<double>(asked.steps - 1));
  auto all = short_run(asked.steps);
  all.push_back(fmt::format("optimizer.lr={:.17g}", asked.low));
  all.push_back(fmt::format("schedule={{name=\"exponential\", gamma={:.17g}}}", gamma));
  all.emplace_back("train.ema_decay=0");
  // The number of steps alone ends the test.
  if (train.epochs) all.emplace_back("train.epochs=1000000000");
  if (train.max_time) all.emplace_back("train.max_time=\"1000h\"");
  return all;
}

// The least-squares slope of the smoothed loss over the rate's logarithm, `half` steps to each side of step `middle`.
double slope_around(const LrCurve& curve, std::size_t middle, std::size_t half) {
  double x_mean = 0, y_mean = 0, products = 0, squares = 0;
  const auto count = static_cast<double>(2 * half + 1);
  for (auto i = middle - half; i <= middle + half; ++i) {
    x_mean += std::log10(curve.rates[i]) / count;
    y_mean += curve.smoothed[i] / count;
  }
  for (auto i = middle - half; i <= middle + half; ++i) {
    const double x = std::log10(curve.rates[i]) - x_mean;
    products += x * (curve.smoothed[i] - y_mean);
    squares += x * x;
  }
  return products / squares;
}

OrderedJson to_json(const LrCurve& curve, const std::optional<double>& suggestion) {
  return {{"suggestion", suggestion ? OrderedJson(*suggestion) : OrderedJson(nullptr)},
          {"lr", curve.rates},
          {"loss", curve.losses},
          {"smoothed_loss", curve.smoothed}};
}

int report(const LrRange& asked, const LrCurve& curve, const RunDirectory& directory, const CommandLine& line) {
  const auto suggestion = suggested_rate(curve);
  const auto text = to_json(curve, suggestion).dump(2) + "\n";
  directory.write("summary.json", text);
  if (asked.json) {
    show("{}", Lines{text});
  } else {
    constexpr std::size_t width = 72, height = 14;
    const Paint paint(wants_color(line.color(), stdout));
    show("{}\n", Lines{plotted(curve, width, height)});
    if (suggestion) {
      show("{} {}\n  binade run {} --set optimizer.lr={:.2g}\n", paint.green("suggestion:"),
           fmt::format("optimizer.lr = {:.2g}, where the loss falls fastest", *suggestion), asked.experiment.file,
           *suggestion);
    }
  }
  if (suggestion) return exit_ok;
  log_line(
      line.color(), BINADE_LOG_ERROR,
      fmt::format("the loss does not fall at any learning rate from {:g} to {:g}: try more steps (--steps) or other "
                  "rates (--low, --high)",
                  asked.low, asked.high));
  return exit_run_failed;
}

}  // namespace

LrCurve read_curve(const std::filesystem::path& metrics) {
  LrCurve curve;
  FileStream file(metrics);
  double average = 0, weight = 0, lowest = std::numeric_limits<double>::infinity();
  for (std::string text; std::getline(file, text);) {
    const auto record = OrderedJson::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!record.is_object() || record.value("split", "") != "train" || record.value("skipped", false)) continue;
    const auto loss = record.find("loss");
    if (loss == record.end() || !loss->is_number()) break;  // not finite
    average = decay * average + (1 - decay) * loss->get<double>();
    weight = decay * weight + (1 - decay);
    const double smoothed = average / weight;
    lowest = std::min(lowest, smoothed);
    if (smoothed > diverged * lowest && lowest > 0) break;
    curve.rates.push_back(record.at("lr").get<double>());
    curve.losses.push_back(loss->get<double>());
    curve.smoothed.push_back(smoothed);
  }
  return curve;
}

std::optional<double> suggested_rate(const LrCurve& curve) {
  const auto size = curve.rates.size();
  if (size < shortest) return std::nullopt;
  const auto lowest =
      static_cast<std::size_t>(std::min_element(curve.smoothed.begin(), curve.smoothed.end()) - curve.smoothed.begin());
  std::optional<std::size_t> best;
  double steepest = 0;
  const auto half = std::max<std::size_t>(2, size / 20);
  for (std::size_t i = std::max(half, size / 10); i <= lowest && i + half < size; ++i) {
    const double slope = slope_around(curve, i, half);
    if (slope < steepest) {
      steepest = slope;
      best = i;
    }
  }
  return best ? std::optional(curve.rates[*best]) : std::nullopt;
}

std::string plotted(const LrCurve& curve, std::size_t width, std::size_t height) {
  const double low = *std::min_element(curve.smoothed.begin(), curve.smoothed.end());
  // The steps in which the loss explodes would flatten the rest of the curve: they are drawn at the top.
  const double start = curve.smoothed.front(), headroom = start > low ? (start - low) / 2 : std::abs(low) / 2;
  const double high = std::min(*std::max_element(curve.smoothed.begin(), curve.smoothed.end()), start + headroom);
  const double first = std::log10(curve.rates.front()), last = std::log10(curve.rates.back());
  std::vector<std::string> rows(height, std::string(width, ' '));
  const auto cell = [](double share, std::size_t cells) {
    return static_cast<std::size_t>(std::lround(share * static_cast<double>(cells - 1)));
  };
  for (std::size_t i = 0; i < curve.rates.size(); ++i) {
    const double across = last > first ? (std::log10(curve.rates[i]) - first) / (last - first) : 0;
    const double down = high > low ? std::max(0.0, high - curve.smoothed[i]) / (high - low) : 0;
    rows[cell(down, height)][cell(across, width)] = '*';
  }
  std::string text = "training loss (smoothed) over the learning rate\n";
  for (std::size_t row = 0; row < height; ++row) {
    const auto label = row == 0 ? fmt::format("{:.4g}", high) : row + 1 == height ? fmt::format("{:.4g}", low) : "";
    rows[row].erase(rows[row].find_last_not_of(' ') + 1);
    text += fmt::format("{:>8} |{}\n", label, rows[row]);
  }
  const auto left = fmt::format("{:.1e}", curve.rates.front()), right = fmt::format("{:.1e}", curve.rates.back());
  return text + fmt::format("{:>8} +{:-<{}}\n{:>10}{}{:>{}}\n", "", "", width, "", left, right, width - left.size());
}

int find_learning_rate(const LrRange& asked, const CommandLine& line) {
  const Catalog catalog(line.plugin_folders());  // its manifests are part of the experiment
  const auto experiment = asked.experiment.load(catalog, line.color());
  if (!experiment) return exit_usage;
  const auto directory = make_trials_folder(*experiment, asked.runs, "lr-range-");
  log_line(line.color(), BINADE_LOG_INFO,
           fmt::format("{} steps with learning rates from {:g} to {:g}", asked.steps, asked.low, asked.high));
  const auto end = run_trial({.experiment = directory.path() / "experiment.toml",
                              .folder = directory.path(),
                              .name = "run",
                              .overrides = overrides(asked, experiment->train)},
                             line.executable(), stop_signal());
  if (const int signal = stop_signal().load(); signal != 0) return exit_code_before_the_work(signal);
  // A run that diverges fails, as it should: what it did before is the curve.
  const auto metrics = end.directory / "metrics.jsonl";
  const auto curve = !end.directory.empty() && exists(metrics) ? read_curve(metrics) : LrCurve();
  if (!curve.rates.empty()) return report(asked, curve, directory, line);
  log_line(line.color(), BINADE_LOG_ERROR, "the run failed with " + end.failure());
  return end.finished() ? exit_run_failed : end.process.exit_code;
}

}  // namespace binade::host
