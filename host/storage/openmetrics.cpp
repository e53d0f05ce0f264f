// Collects columns first, because OpenMetrics requires the samples of a family to be contiguous.
#include "host/storage/openmetrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "binade/printable.h"
#include "host/base/file_stream.h"
#include "host/storage/metrics_value.h"

namespace binade::host {
namespace {

using Json = nlohmann::json;

struct Column {
  const char* field;   // of a line in metrics.jsonl
  const char* family;  // after binade_history_
  const char* labels;  // in addition to run_id and split
  const char* help;
};

// Rows of the same family must be adjacent.
constexpr std::array<Column, 13> columns{{
    {"step", "step", "", "The step of the other samples with this timestamp."},
    {"loss", "loss", "", "Loss of the step or evaluation."},
    {"accuracy", "accuracy_ratio", "", "Accuracy, 0 to 1."},
    {"lr", "learning_rate", "", "Learning rate of the step."},
    {"grad_norm", "gradient_norm", "stage=\"unscaled\"", "Global gradient norm."},
    {"clipped_norm", "gradient_norm", "stage=\"clipped\"", ""},
    {"loss_scale", "amp_loss_scale", "", "Loss scale used by the step."},
    {"growth_tracker", "amp_growth_tracker_steps", "", "Consecutive steps without a non-finite gradient."},
    {"skipped", "step_skipped", "", "1 if the step was skipped."},
    {"skipped_steps", "skipped_steps", "", "Steps skipped so far."},
    {"samples", "samples", "", "Samples of the step or evaluation."},
    {"tokens", "tokens", "", "Tokens of the step."},
    {"seconds", "duration_seconds", "", "Duration of the step or evaluation."},
}};

struct Sample {
  std::int64_t milliseconds;
  double value;
};
using Series = std::map<std::string, std::vector<Sample>>;  // by labels

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : printable(text)) {
    if (c == '\\' || c == '"') result += '\\';
    result += c == '\n' ? std::string_view("\\n") : std::string_view(&c, 1);
  }
  return result;
}

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

class History {
 public:
  explicit History(const std::string& run_id) : run_(fmt::format("run_id=\"{}\"", escaped(run_id))) {}

  // `line` must be valid, see fault_of().
  void add(const Json& line) {
    const auto split = line.at("split").get<std::string>();
    if (split == "gradients") return;  // samples of the gradients' exponents are not exported
    auto& last = last_[split];
    last = std::max<std::int64_t>(last + 1, std::llround(line.at("time").get<double>() * 1000));
    const auto labels = fmt::format("{},split=\"{}\"", run_, escaped(split));
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string_view more = columns[i].labels;
      add(columns_[i][more.empty() ? labels : fmt::format("{},{}", labels, more)],
          metrics_value(line, columns[i].field), last);
    }
    if (const auto scalars = line.find("scalars"); scalars != line.end()) {
      for (const auto& [name, value] : scalars->items()) {
        add(scalars_[fmt::format("{},name=\"{}\"", labels, escaped(name))], metrics_value(line, "scalars." + name),
            last);
      }
    }
    (split == "train" ? told_.steps : told_.evaluations) += 1;
    told_.last_time = std::max(told_.last_time, static_cast<double>(last) / 1000);
  }

  ExportedHistory write(std::ostream& out) const {
    std::string_view family;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (family != columns[i].family) head(out, family = columns[i].family, columns[i].help);
      for (const auto& [labels, samples] : columns_[i]) write(out, family, labels, samples);
    }
    head(out, "model_scalar", "A scalar reported by the model's own loss.");
    for (const auto& [labels, samples] : scalars_) write(out, "model_scalar", labels, samples);
    out << "# EOF\n";
    return told_;
  }

 private:
  void add(std::vector<Sample>& samples, std::optional<double> value, std::int64_t milliseconds) {
    if (!value) return;
    samples.push_back({milliseconds, *value});
    told_.samples += 1;
  }

  static void head(std::ostream& out, std::string_view family, std::string_view help) {
    out << fmt::format("# HELP binade_history_{0} {1}\n# TYPE binade_history_{0} gauge\n", family, help);
  }

  static void write(std::ostream& out, std::string_view family, const std::string& labels,
                    const std::vector<Sample>& samples) {
    for (const auto& sample : samples) {
      out << fmt::format("binade_history_{}{{{}}} {} {}.{:03}\n", family, labels, number_text(sample.value),
                         sample.milliseconds / 1000, sample.milliseconds % 1000);
    }
  }

  std::string run_;
  std::map<std::string, std::int64_t> last_;  // milliseconds, by split
  std::array<Series, columns.size()> columns_;
  Series scalars_;
  ExportedHistory told_;
};

// Returns what is wrong with a line of metrics.jsonl, or an empty string.
std::string fault_of(const Json& line) {
  if (line.is_discarded()) return "it is not JSON";
  if (!line.is_object()) return "it is JSON, but not an object";
  const auto has = [&](const char* key, bool (Json::*is)() const noexcept) {
    const auto found = line.find(key);
    return found != line.end() && ((*found).*is)();
  };
  if (!has("step", &Json::is_number)) return "it has no number `step`";
  if (!has("split", &Json::is_string)) return "it has no string `split`";
  if (!has("time", &Json::is_number)) return "it has no number `time`";
  return {};
}

[[noreturn]] void refuse(const std::filesystem::path& file, std::size_t number, const std::string& text,
                         const std::string& fault) {
  constexpr std::size_t shown = 60;
  // As JSON, which escapes control characters.
  const auto quoted = Json(text.substr(0, shown)).dump(-1, ' ', true, Json::error_handler_t::replace);
  throw std::runtime_error(
      fmt::format("{}:{}: this line is not a record of the run: {}: {}{}\n  help: fix or remove it in a copy of the "
                  "run's folder, and export that",
                  file.string(), number, fault, quoted, text.size() > shown ? " ..." : ""));
}

}  // namespace

ExportedHistory write_openmetrics(const std::filesystem::path& metrics_file, const std::string& run_id,
                                  std::ostream& out) {
  FileStream file(metrics_file);
  History history(run_id);
  std::size_t number = 0;
  for (std::string text; std::getline(file, text);) {
    ++number;
    const bool cut = file.eof();  // no newline: the run was killed while writing it
    const auto line = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    const auto fault = fault_of(line);
    if (fault.empty()) {
      history.add(line);
    } else if (!cut) {
      refuse(metrics_file, number, text, fault);
    }
  }
  return history.write(out);
}

}  // namespace binade::host
