// What is trained, and what it is trained with.
#pragma once

#include <cstdint>
#include <memory>

#include "host/data/batch_loader.h"
#include "host/engine/amp/grad_scaler.h"
#include "host/engine/amp/precision_policy.h"
#include "host/engine/model/task.h"
#include "host/engine/optim/optimizers.h"
#include "host/engine/optim/schedules.h"
#include "host/engine/optim/weight_average.h"
#include "host/events/progress.h"

namespace binade::host {

struct Training {
  Model& model;
  const Task& task;
  BatchLoader& batches;
  PrecisionPolicy& precision;
  GradScaler scaler;
  std::unique_ptr<Optimizer> optimizer;  // never null
  Schedule schedule;
  WeightAverage average;
  c10::Device device;
  std::uint64_t accumulate;              // micro-batches per step; the last step of an epoch takes what is left
  double clip_norm;                      // 0: no clipping
  std::uint64_t sample_gradients_every;  // steps; 0: never
  Progress* progress;                    // nullptr: nobody watches

  // Shows the watchdog what the training thread does outside a step's phases (phase_clock.h).
  void enter(Activity activity, std::uint64_t step) const {
    if (progress != nullptr) progress->enter(activity, step);
  }
};

// What make_training() needs, to be filled by name. Model, task, batches, precision and progress must outlive the
// Training.
struct TrainingParts {
  Model& model;
  const Task& task;
  BatchLoader& batches;
  PrecisionPolicy& precision;
  ParameterGroups parameters;
  const OptimizerSettings& optimizer;
  const ScheduleSettings& schedule;
  double lr;  // of [optimizer]
  std::uint64_t schedule_steps = 0;
  double ema_decay = 0;  // 0: no average
  c10::Device device{c10::kCPU};
  std::uint64_t accumulate = 1;
  double clip_norm = 0;
  std::uint64_t sample_gradients_every = 0;
  Progress* progress = nullptr;
};

// Builds scaler, schedule, optimizer and average. Throws std::runtime_error when loss scaling meets parameters in fp16.
Training make_training(TrainingParts parts);

}  // namespace binade::host
