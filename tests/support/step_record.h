// Records of a run for tests: a step that was applied, and an evaluation. A test changes what it is about.
#pragma once

#include "host/events/events.h"

namespace binade::host {

inline StepRecord step_record(std::uint64_t step = 1) {
  StepRecord record;
  record.time = 1000;
  record.step = step;
  record.epoch = 2;
  record.loss = 2.5;
  record.learning_rate = 3e-4;
  record.gradient_norm = 1.5;
  record.clipped_norm = 1;
  record.loss_scale = record.next_loss_scale = 65536;
  record.seconds = 0.25;
  record.samples = 8;
  record.tokens = 512;
  return record;
}

inline EvaluationRecord evaluation_record(std::uint64_t step = 1) {
  EvaluationRecord record;
  record.time = 1000;
  record.step = step;
  record.split = "validation";
  record.loss = 2;
  record.accuracy = 0.5;
  record.seconds = 1.5;
  record.samples = 20;
  return record;
}

}  // namespace binade::host
