#include "host/engine/loop/loop_state.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "host/storage/state_json.h"

namespace binade::host {
namespace {

using Json = nlohmann::json;

// One list for both directions: calls visit(name, member) for each.
template <class State, class Visit>
void for_each_member(State& state, Visit visit) {
  visit("batches", state.batches);
  visit("evaluated_step", state.evaluated_step);
  visit("epoch_loss", state.epoch.loss);
  visit("epoch_correct", state.epoch.correct);
  visit("epoch_seconds", state.epoch.seconds);
  visit("epoch_steps", state.epoch.steps);
  visit("epoch_samples", state.epoch.samples);
  visit("to_beat", state.to_beat);
  visit("evaluations_without_improvement", state.evaluations_without_improvement);
  visit("nonfinite_losses", state.nonfinite_losses);
  auto& statistics = state.statistics;
  visit("step", statistics.steps);
  visit("skipped_steps", statistics.skipped_steps);
  visit("samples", statistics.samples);
  visit("tokens", statistics.tokens);
  visit("training_seconds", statistics.step_seconds);
  visit("seconds", statistics.seconds);
  visit("gradient_norm", statistics.gradient_norm);
  visit("initial_loss", statistics.initial_loss);
  visit("final_loss", statistics.final_loss);
  visit("validation_loss", statistics.validation_loss);
  visit("validation_accuracy", statistics.validation_accuracy);
  visit("best_validation_loss", statistics.best_validation_loss);
  visit("best_step", statistics.best_step);
  visit("seconds_at_min_scale", statistics.seconds_at_min_scale);
  visit("refused_scales", statistics.refused_scales);
  visit("underflow_group", statistics.underflow_group);
  visit("underflow_ratio", statistics.underflow_ratio);
  visit("samples_hash", statistics.samples_hash);
}

// Those that checkpoints of earlier versions do not have.
template <class State, class Visit>
void for_each_newer_member(State& state, Visit visit) {
  visit("initial_cross_entropy", state.statistics.initial_cross_entropy);
  visit("final_cross_entropy", state.statistics.final_cross_entropy);
}

template <class Epoch, class Visit>
void for_each_member_of_epoch(Epoch& epoch, Visit visit) {
  visit("epoch", epoch.epoch);
  visit("steps", epoch.steps);
  visit("train_loss", epoch.train_loss);
  visit("train_accuracy", epoch.train_accuracy);
  visit("validation_loss", epoch.validation_loss);
  visit("validation_accuracy", epoch.validation_accuracy);
  visit("seconds", epoch.seconds);
}

template <class Position, class Visit>
void for_each_member_of_position(Position& position, Visit visit) {
  visit("epoch", position.epoch);
  visit("epoch_batch", position.batch);
  visit("epoch_batches", position.batches);
}

struct Writer {
  Json& json;
  void operator()(const char* name, double value) const { json[name] = to_json(value); }
  template <class Value>
  void operator()(const char* name, const Value& value) const {
    json[name] = value;
  }
};

struct Reader {
  const Json& json;
  void operator()(const char* name, double& value) const { value = to_double(json.at(name)); }
  void operator()(const char* name, std::uint64_t& value) const { value = to_unsigned(json.at(name)); }
  void operator()(const char* name, std::string& value) const { json.at(name).get_to(value); }
};

void read_position(const Json& json, LoopState& state) {
  if (!json.contains("epoch")) return;
  auto& position = state.position.emplace();
  for_each_member_of_position(position, Reader{json});
  if (position.batch < position.batches) return;
  throw std::runtime_error(
      fmt::format("its position is after batch {} of an epoch of {} batches", position.batch, position.batches));
}

}  // namespace

void EpochSums::add(const StepRecord& record) {
  loss += record.loss * static_cast<double>(record.samples);
  correct += record.accuracy * static_cast<double>(record.samples);
  seconds += record.seconds;
  samples += record.samples;
  ++steps;
}

void EpochSums::weight_by_samples() {
  if (steps > 0) loss *= static_cast<double>(samples) / static_cast<double>(steps);
}

EpochSummary EpochSums::summary(std::uint64_t epoch, std::uint64_t steps_done) const {
  const auto count = static_cast<double>(samples);
  return {epoch, steps_done, loss / count, correct / count, nan, nan, seconds};
}

nlohmann::json to_json(const LoopState& state) {
  Json json;
  for_each_member(state, Writer{json});
  if (state.position) for_each_member_of_position(*state.position, Writer{json});
  for_each_newer_member(state, Writer{json});
  auto epochs = Json::array();
  for (const auto& epoch : state.statistics.epochs) {
    Json row;
    for_each_member_of_epoch(epoch, Writer{row});
    epochs.push_back(std::move(row));
  }
  json["epochs"] = std::move(epochs);
  return json;
}

LoopState loop_state(const nlohmann::json& json) {
  LoopState state;
  for_each_member(state, Reader{json});
  read_position(json, state);
  for_each_newer_member(state, [&](const char* name, auto& value) {
    if (json.contains(name)) Reader{json}(name, value);
  });
  for (const auto& row : json.at("epochs")) {
    for_each_member_of_epoch(state.statistics.epochs.emplace_back(), Reader{row});
  }
  return state;
}

void convert_older_state(LoopState& state) {
  if (!state.position) state.epoch.weight_by_samples();
  auto& statistics = state.statistics;
  if (!std::isfinite(statistics.best_validation_loss)) {
    statistics.best_validation_loss = nan;
    statistics.best_step = 0;
  }
  if (!std::isfinite(state.to_beat)) state.to_beat = std::numeric_limits<double>::infinity();
}

}  // namespace binade::host
