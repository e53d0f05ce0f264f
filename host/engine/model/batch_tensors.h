// A batch as tensors on the run's device.
#pragma once

#include <ATen/core/Tensor.h>

#include <string_view>
#include <vector>

#include "host/data/batch_loader.h"

namespace binade::host {

// On the CPU the tensors are views of the loader's buffers: valid until the loader's next batch.
class BatchTensors {
 public:
  explicit BatchTensors(c10::Device device) : device_(device) {}

  void assign(const HostBatch& batch);

  // nullptr when there is no such field.
  const at::Tensor* find(std::string_view name) const;
  // Throws std::runtime_error that lists the dataset's fields.
  const at::Tensor& at(std::string_view name) const;

  std::int64_t samples() const { return samples_; }
  const HostBatch& host() const { return *host_; }  // what was assigned

 private:
  c10::Device device_;
  const HostBatch* host_ = nullptr;
  std::int64_t samples_ = 0;
  std::vector<std::pair<std::string, at::Tensor>> fields_;
};

}  // namespace binade::host
