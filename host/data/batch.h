// A batch in host memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace binade::host {

// One field of a batch, or the `<name>_length` that the host adds for a variable one. C-contiguous, 64-byte aligned.
struct BatchField {
  std::string name;
  std::uint32_t dtype = 0;
  std::vector<std::int64_t> shape;  // [count, ...]
  void* data = nullptr;
  std::uint64_t bytes = 0;
};

struct HostBatch {
  std::uint64_t epoch = 0;
  std::uint64_t batch = 0;             // inside the epoch
  std::uint64_t epoch_batches = 1;     // that the epoch has
  std::uint64_t batch_size = 0;        // of a full one; an epoch's last batch may have fewer samples
  std::vector<std::uint64_t> indices;  // of the plugin's split, one per sample
  std::vector<BatchField> fields;      // the dataset's, in order, then the lengths
};

}  // namespace binade::host
