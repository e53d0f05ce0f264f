// Converts events member by member.
#include "host/telemetry/loggers/abi_events.h"

#include <algorithm>
#include <array>

#include "binade/options.h"

namespace binade::host {
namespace {

using Scalars = std::array<binade_scalar, max_scalars>;

template <class AbiEvent>
AbiEvent make_event(std::uint32_t type, double time) {
  AbiEvent event{};
  event.event = {sizeof(AbiEvent), type, time};
  return event;
}

// Fills `scalars` from a record and points its event to them.
template <class Record, class AbiEvent>
void add_scalars(const Record& record, const std::vector<std::string>& names, Scalars& scalars, AbiEvent& event) {
  const auto count = std::min<std::size_t>(record.scalar_count, names.size());
  for (std::size_t i = 0; i < count; ++i) scalars[i] = {to_abi(names[i]), record.scalars[i]};
  event.scalars = scalars.data();
  event.scalar_count = count;
}

void add_skip(const StepRecord& record, const std::vector<std::string>& parameters, binade_step_event& event) {
  if (!record.skipped) return;
  event.skip_cause = to_abi(skip_cause_names[static_cast<std::size_t>(record.skip_cause)]);
  const auto first = static_cast<std::size_t>(record.nonfinite.first);
  if (record.nonfinite.first >= 0 && first < parameters.size()) event.skip_parameter = to_abi(parameters[first]);
}

binade_run_start_event to_event(double time, const RunStarted& record, const RunDescription& run) {
  auto event = make_event<binade_run_start_event>(BINADE_EVENT_RUN_START, time);
  event.run_id = to_abi(run.run_id);
  event.name = to_abi(run.name);
  event.directory = to_abi(run.directory);
  event.device = to_abi(record.device);
  event.precision = to_abi(record.precision);
  event.metrics_address = to_abi(run.metrics_address);
  event.parameters = record.parameters;
  event.target_steps = record.target_steps;
  event.max_seconds = record.max_seconds;
  event.train_samples = record.train_samples;
  event.validation_samples = record.validation_samples;
  event.interactive = run.interactive ? 1 : 0;
  event.color = run.color ? 1 : 0;
  return event;
}

binade_resumed_event resumed_event(double time, const RunStarted& record) {
  auto event = make_event<binade_resumed_event>(BINADE_EVENT_RESUMED, time);
  event.step = record.steps_done;
  event.evaluated_step = record.evaluated_step;
  return event;
}

binade_step_event to_event(double time, const StepRecord& record) {
  auto event = make_event<binade_step_event>(BINADE_EVENT_STEP, time);
  event.step = record.step;
  event.epoch = record.epoch;
  event.epoch_progress = record.epoch_progress;
  event.loss = record.loss;
  event.accuracy = record.accuracy;
  event.learning_rate = record.learning_rate;
  event.gradient_norm = record.gradient_norm;
  event.loss_scale = record.loss_scale;
  event.seconds = record.seconds;
  event.samples = record.samples;
  event.tokens = record.tokens;
  event.skipped_steps = record.skipped_steps;
  event.skipped = record.skipped ? 1 : 0;
  return event;
}

binade_evaluation_event to_event(double time, const EvaluationRecord& record) {
  auto event = make_event<binade_evaluation_event>(BINADE_EVENT_EVALUATION, time);
  event.step = record.step;
  event.split = to_abi(record.split);
  event.loss = record.loss;
  event.accuracy = record.accuracy;
  event.seconds = record.seconds;
  event.samples = record.samples;
  return event;
}

binade_message_event to_event(double time, const MessageRecord& record) {
  auto event = make_event<binade_message_event>(BINADE_EVENT_MESSAGE, time);
  event.level = record.level;
  event.text = to_abi(record.text);
  return event;
}

binade_run_end_event to_event(double time, const RunEnded& record) {
  auto event = make_event<binade_run_end_event>(BINADE_EVENT_RUN_END, time);
  event.state = to_abi(run_state_names[static_cast<std::size_t>(record.state)]);
  event.steps = record.steps;
  event.skipped_steps = record.skipped_steps;
  event.seconds = record.seconds;
  return event;
}

}  // namespace

void AbiEvents::convert(const Event& event, const std::function<void(const binade_event&)>& write) {
  Scalars scalars{};
  const double time = event.time;
  if (const auto* start = std::get_if<RunStarted>(&event.record)) {
    scalar_names_ = start->scalar_names;
    parameter_names_ = start->parameter_names;
    write(to_event(time, *start, run_).event);
    if (start->steps_done != 0) write(resumed_event(time, *start).event);
  } else if (const auto* step = std::get_if<StepRecord>(&event.record)) {
    auto abi = to_event(time, *step);
    add_scalars(*step, scalar_names_, scalars, abi);
    add_skip(*step, parameter_names_, abi);
    write(abi.event);
  } else if (const auto* evaluation = std::get_if<EvaluationRecord>(&event.record)) {
    auto abi = to_event(time, *evaluation);
    add_scalars(*evaluation, scalar_names_, scalars, abi);
    write(abi.event);
  } else if (const auto* message = std::get_if<MessageRecord>(&event.record)) {
    write(to_event(time, *message).event);
  } else if (const auto* end = std::get_if<RunEnded>(&event.record)) {
    write(to_event(time, *end).event);
  }
}

}  // namespace binade::host
