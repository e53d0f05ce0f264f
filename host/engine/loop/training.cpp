#include "host/engine/loop/training.h"

#include <utility>

namespace binade::host {

Training make_training(TrainingParts parts) {
  GradScaler scaler(parts.precision.constants());
  if (scaler.enabled()) require_no_fp16(parts.model);
  WeightAverage average(parts.parameters.parameters, parts.ema_decay);
  Schedule schedule(parts.schedule, parts.lr, parts.schedule_steps);
  auto optimizer = make_optimizer(parts.optimizer, std::move(parts.parameters), schedule.cycles_momentum());
  return {.model = parts.model,
          .task = parts.task,
          .batches = parts.batches,
          .precision = parts.precision,
          .scaler = std::move(scaler),
          .optimizer = std::move(optimizer),
          .schedule = std::move(schedule),
          .average = std::move(average),
          .device = parts.device,
          .accumulate = parts.accumulate,
          .clip_norm = parts.clip_norm,
          .sample_gradients_every = parts.sample_gradients_every,
          .progress = parts.progress};
}

}  // namespace binade::host
