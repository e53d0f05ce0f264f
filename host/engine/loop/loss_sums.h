// The losses, counts and scalars of a step's micro-batches: summed on the device, read once.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "host/engine/model/task.h"
#include "host/events/events.h"

namespace binade::host {

// Allocates nothing once its lists have grown.
class LossSums {
 public:
  void clear();
  // `weight`: of this micro-batch, relative to the first one.
  void add(const TaskResult& result, double weight);

  // Of the sums.
  at::TensorOptions options() const { return sums_.front().options(); }

  // Copies the sums and two further scalars of the same options to the host at once, which waits for the device. Fills
  // in the record's loss, accuracy, scalars and gradient norm; means are multiplied by `factor`. Returns whether
  // `found_inf` is set; undefined means that it is not.
  bool read(const at::Tensor& norm, const at::Tensor& found_inf, double factor, StepRecord& record);

 private:
  std::uint64_t micro_batches_ = 0;
  std::vector<at::Tensor> sums_;    // loss, correct, counted, the model's scalars
  std::vector<at::Tensor> packed_;  // of one micro-batch, or for the copy
};

}  // namespace binade::host
