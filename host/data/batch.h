// A batch in host memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace binade::host {

// One field of a batch, or a `<name>_length` that the host adds for a variable field. C-contiguous, 64-byte aligned.
struct BatchField {
  std::string name;
  std::uint32_t dtype = 0;
  std::vector<std::int64_t> shape;  // [count, ...]
  void* data = nullptr;
  std::uint64_t bytes = 0;
};

struct HostBatch {
  std::uint64_t epoch = 0;
  std::uint64_t batch = 0;             // number within the epoch
  std::uint64_t epoch_batches = 1;     // number of batches in the epoch
  std::uint64_t batch_size = 0;        // of a full batch; an epoch's last one may have fewer samples
  std::vector<std::uint64_t> indices;  // in the plugin's split, one per sample
  std::vector<BatchField> fields;      // the dataset's fields, in order, then the lengths
};

}  // namespace binade::host
