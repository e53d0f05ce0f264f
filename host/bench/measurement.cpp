#include "host/bench/measurement.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "host/base/error_text.h"
#include "host/base/file_stream.h"
#include "host/bench/statistics.h"
#include "host/storage/metrics_value.h"

namespace binade::host {
namespace {

using Json = nlohmann::json;

double number(const Json& object, const char* key) {
  const auto& value = object.at(key);
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

void read_summary(Measurement& measurement) {
  FileStream file(measurement.directory / "summary.json");
  const auto summary = Json::parse(file);
  measurement.device = summary.at("device");
  measurement.precision = summary.at("precision");
  measurement.initial_parameters_sha256 = summary.at("initial_parameters_sha256");
  measurement.samples_hash = summary.at("samples_hash");
  measurement.steps = summary.at("steps");
  measurement.skipped_steps = summary.at("skipped_steps");
  measurement.tensor_bytes = number(summary, "peak_tensor_bytes");
  measurement.accuracy = number(summary, "validation_accuracy");
  measurement.validation_loss = number(summary, "validation_loss");
  measurement.final_loss = number(summary, "final_loss");
}

void read_data(Measurement& measurement) {
  FileStream file(measurement.directory / "data.json");
  measurement.data = Json::parse(file).get<Fingerprint>();
}

void read_steps(Measurement& measurement, std::optional<std::uint64_t> warmup_steps) {
  measurement.warmup_steps = warmup_steps.value_or(default_warmup(measurement.steps));
  if (measurement.warmup_steps >= measurement.steps) {
    throw std::runtime_error(fmt::format("{} steps with a warm-up of {} leave no steps to time: use more --steps",
                                         measurement.steps, measurement.warmup_steps));
  }
  FileStream file(measurement.directory / "metrics.jsonl");
  std::vector<double> step_seconds;
  double seconds = 0, samples = 0;
  for (std::string line; std::getline(file, line);) {
    const auto step = Json::parse(line);
    if (step.value("split", "") != "train") continue;
    measurement.losses.push_back(metrics_value(step, "loss").value_or(std::numeric_limits<double>::quiet_NaN()));
    if (step.at("step").get<std::uint64_t>() <= measurement.warmup_steps) continue;
    step_seconds.push_back(step.at("seconds"));
    seconds += step_seconds.back();
    samples += step.at("samples").get<double>();
  }
  measurement.samples_per_second = samples / seconds;
  measurement.steps_per_second = static_cast<double>(step_seconds.size()) / seconds;
  measurement.median_step_seconds = median(std::move(step_seconds));
  measurement.last_tenth_loss = learning_of({measurement.losses}).last;
}

}  // namespace

std::uint64_t default_warmup(std::uint64_t steps) {
  constexpr std::uint64_t least = 3, share = 10;
  return std::max(least, steps / share);
}

Measurement read_measurement(const std::filesystem::path& directory, std::optional<std::uint64_t> warmup_steps) {
  Measurement measurement;
  measurement.directory = directory;
  try {
    read_summary(measurement);
    read_data(measurement);
    read_steps(measurement, warmup_steps);
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("cannot measure the run in {}: {}", directory.string(), error_text(error)));
  }
  return measurement;
}

}  // namespace binade::host
