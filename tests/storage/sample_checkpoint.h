// A small checkpoint whose content is determined by its step.
#pragma once

#include <string>
#include <vector>

#include "binade/abi/tensor.h"
#include "host/storage/checkpoint.h"
#include "host/storage/safetensors_reading.h"

namespace binade::host {

class SampleCheckpoint {
 public:
  explicit SampleCheckpoint(std::uint64_t step, std::size_t numbers = 6) : values_(numbers) {
    for (std::size_t i = 0; i < numbers; ++i) values_[i] = static_cast<float>(step * 1000 + i);
    content_.step = step;
    const auto rows = static_cast<std::int64_t>(numbers / 2);
    content_.model = {{"weight", BINADE_FLOAT32, {rows, 2}, values_.data(), numbers * sizeof(float)}};
    content_.state = {{"moment", BINADE_FLOAT32, {rows * 2}, values_.data(), numbers * sizeof(float)}};
    content_.json = "{\"step\":" + std::to_string(step) + "}";
  }
  SampleCheckpoint& with_loss(double loss) {
    content_.validation_loss = loss;
    return *this;
  }
  const CheckpointContent& content() const { return content_; }

  // True if `read` equals what was written.
  bool is(const Checkpoint& read) const {
    const auto same = [&](const SafetensorsFile& file, const TensorBytes& written) {
      return file.tensors.size() == 1 && file.tensors[0].name == written.name &&
             file.tensors[0].shape == written.shape && file.tensors[0].bytes == written.bytes &&
             std::string(static_cast<const char*>(file.tensors[0].data), written.bytes) ==
                 std::string(static_cast<const char*>(written.data), written.bytes);
    };
    return read.step == content_.step && read.json == content_.json && same(read.model, content_.model[0]) &&
           same(read.state, content_.state[0]);
  }

 private:
  std::vector<float> values_;
  CheckpointContent content_;
};

}  // namespace binade::host
