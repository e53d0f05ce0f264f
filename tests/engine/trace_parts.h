// What a recorded training is made of, from its fields.
#pragma once

#include <ATen/core/Tensor.h>

#include "host/data/dataset.h"
#include "tests/engine/in_memory_plugins.h"
#include "tests/engine/trace_fields.h"

namespace binade::host::testing {

// Relative. goldens/README.md: what other CPU kernels move, with room to spare.
struct Tolerance {
  double loss, norm, checksum;
};

at::Tensor tensor_of(const Json& numbers);

// All of them throw std::invalid_argument as replay_trace() does.
void set_up_model(Fields& run);  // TensorModel
binade_policy policy_of(Fields& run, Tolerance& allowed);

struct TracedOptimizer {
  OptimizerSettings settings;
  double weight_decay = 0;
};
TracedOptimizer optimizer_of(const Json& optimizer);

struct TracedSchedule {
  ScheduleSettings settings;
  double lr;
  std::uint64_t steps;
};
TracedSchedule schedule_of(const Json& schedule, std::uint64_t steps);

// As many rows as the training draws, in its order: what an epoch is does not matter then.
struct TracedData {
  Dataset dataset;
  std::uint64_t micro_batch_size;
};
TracedData data_of(Fields& run, std::uint64_t micro_batches);

}  // namespace binade::host::testing
