// Conversion of the host's records to events of the logger ABI.
#include "host/telemetry/loggers/abi_events.h"

#include <gtest/gtest.h>

#include "binade/options.h"

namespace binade::host {
namespace {

RunDescription description() {
  return {"run-7", "first-run", "/runs/run-7", "http://127.0.0.1:1/metrics", true, false};
}

template <class AbiEvent, class Record, class Check>
void expect_event(AbiEvents& events, std::uint32_t type, double time, const Record& record, Check check) {
  int calls = 0;
  events.convert(Event{time, record}, [&](const binade_event& event) {
    ++calls;
    EXPECT_EQ(event.type, type);
    EXPECT_EQ(event.struct_size, sizeof(AbiEvent));
    EXPECT_EQ(event.time, time);
    check(reinterpret_cast<const AbiEvent&>(event));
  });
  EXPECT_EQ(calls, 1);
}

TEST(AbiEvents, TellTheStartWithTheRunsDescription) {
  AbiEvents events(description());
  RunStarted record;
  record.device = "cuda:0";
  record.precision = "bf16";
  record.parameters = 5;
  record.target_steps = 10;
  record.max_seconds = 60;
  record.train_samples = 100;
  record.validation_samples = 20;
  expect_event<binade_run_start_event>(events, BINADE_EVENT_RUN_START, 3, record, [](const auto& event) {
    EXPECT_EQ(view(event.run_id), "run-7");
    EXPECT_EQ(view(event.name), "first-run");
    EXPECT_EQ(view(event.directory), "/runs/run-7");
    EXPECT_EQ(view(event.metrics_address), "http://127.0.0.1:1/metrics");
    EXPECT_EQ(view(event.device), "cuda:0");
    EXPECT_EQ(view(event.precision), "bf16");
    EXPECT_EQ(event.parameters, 5u);
    EXPECT_EQ(event.target_steps, 10u);
    EXPECT_EQ(event.max_seconds, 60);
    EXPECT_EQ(event.train_samples, 100u);
    EXPECT_EQ(event.validation_samples, 20u);
    EXPECT_EQ(event.interactive, 1);
    EXPECT_EQ(event.color, 0);
  });
}

TEST(AbiEvents, TellAStepWithItsNamedScalars) {
  AbiEvents events(description());
  RunStarted start;
  start.scalar_names = {"reconstruction", "kl"};
  events.convert(Event{0, start}, [](const binade_event&) {});
  StepRecord record;
  record.step = 4;
  record.epoch = 1;
  record.epoch_progress = 0.5;
  record.loss = 2.5;
  record.accuracy = 0.75;
  record.learning_rate = 0.1;
  record.gradient_norm = 3;
  record.loss_scale = 1024;
  record.seconds = 0.02;
  record.samples = 8;
  record.tokens = 64;
  record.skipped = true;
  record.skipped_steps = 2;
  record.scalars = {0.25, 0.5};
  record.scalar_count = 2;
  expect_event<binade_step_event>(events, BINADE_EVENT_STEP, 9, record, [](const auto& event) {
    EXPECT_EQ(event.step, 4u);
    EXPECT_EQ(event.epoch, 1u);
    EXPECT_EQ(event.epoch_progress, 0.5);
    EXPECT_EQ(event.loss, 2.5);
    EXPECT_EQ(event.accuracy, 0.75);
    EXPECT_EQ(event.learning_rate, 0.1);
    EXPECT_EQ(event.gradient_norm, 3);
    EXPECT_EQ(event.loss_scale, 1024);
    EXPECT_EQ(event.seconds, 0.02);
    EXPECT_EQ(event.samples, 8u);
    EXPECT_EQ(event.tokens, 64u);
    EXPECT_EQ(event.skipped, 1);
    EXPECT_EQ(event.skipped_steps, 2u);
    ASSERT_EQ(event.scalar_count, 2u);
    EXPECT_EQ(view(event.scalars[1].name), "kl");
    EXPECT_EQ(event.scalars[1].value, 0.5);
  });
}

TEST(AbiEvents, TellWhyAStepWasSkippedAndInWhichGradient) {
  AbiEvents events(description());
  RunStarted run;
  run.parameter_names = {"first", "second"};
  events.convert({0, run}, [](const auto&) {});
  StepRecord record;
  record.skipped = true;
  record.skip_cause = SkipCause::overflow;
  record.nonfinite.first = 1;
  expect_event<binade_step_event>(events, BINADE_EVENT_STEP, 9, record, [](const auto& event) {
    EXPECT_EQ(view(event.skip_cause), "overflow");
    EXPECT_EQ(view(event.skip_parameter), "second");
  });
  expect_event<binade_step_event>(events, BINADE_EVENT_STEP, 9, StepRecord(), [](const auto& event) {
    EXPECT_EQ(view(event.skip_cause), "");
    EXPECT_EQ(view(event.skip_parameter), "");
  });
}

TEST(AbiEvents, TellAnEvaluation) {
  AbiEvents events(description());
  EvaluationRecord record;
  record.step = 4;
  record.split = "validation";
  record.loss = 2;
  record.accuracy = 0.5;
  record.seconds = 1.5;
  record.samples = 20;
  record.scalar_count = 1;  // of a model that has not named any: not shown
  expect_event<binade_evaluation_event>(events, BINADE_EVENT_EVALUATION, 9, record, [](const auto& event) {
    EXPECT_EQ(event.step, 4u);
    EXPECT_EQ(view(event.split), "validation");
    EXPECT_EQ(event.loss, 2);
    EXPECT_EQ(event.accuracy, 0.5);
    EXPECT_EQ(event.seconds, 1.5);
    EXPECT_EQ(event.samples, 20u);
    EXPECT_EQ(event.scalar_count, 0u);
  });
}

TEST(AbiEvents, TellMessagesAndTheEnd) {
  AbiEvents events(description());
  expect_event<binade_message_event>(events, BINADE_EVENT_MESSAGE, 1, MessageRecord{BINADE_LOG_WARNING, "slow disk"},
                                     [](const auto& event) {
                                       EXPECT_EQ(event.level, BINADE_LOG_WARNING);
                                       EXPECT_EQ(view(event.text), "slow disk");
                                     });
  expect_event<binade_run_end_event>(events, BINADE_EVENT_RUN_END, 1, RunEnded{RunState::interrupted, 9, 2, 1.5},
                                     [](const auto& event) {
                                       EXPECT_EQ(view(event.state), "interrupted");
                                       EXPECT_EQ(event.steps, 9u);
                                       EXPECT_EQ(event.skipped_steps, 2u);
                                       EXPECT_EQ(event.seconds, 1.5);
                                     });
}

}  // namespace
}  // namespace binade::host
