// The memory of one batch, which is measured, padded and read. Reused for all batches; it only grows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "host/data/batch.h"
#include "host/data/dataset.h"
#include "host/data/dtype.h"

namespace binade::host {

// 64-byte aligned memory. Growing it discards its contents.
class AlignedBuffer {
 public:
  void* grow(std::uint64_t bytes);

 private:
  struct Free {
    void operator()(void* data) const noexcept;
  };
  std::unique_ptr<void, Free> data_;
  std::uint64_t capacity_ = 0;
};

class BatchMemory {
 public:
  explicit BatchMemory(const Dataset& dataset);

  HostBatch& batch() { return batch_; }

  // Reads the samples batch().indices of batch().epoch. Throws PluginError.
  void read(const Dataset& dataset, const Split& split, bool training, std::uint64_t seed);

 private:
  void shape_field(std::size_t number, const Field& field, std::size_t first, std::size_t stride);
  void allocate(std::size_t number);

  HostBatch batch_;
  std::vector<AlignedBuffer> memory_;       // one per field of the batch
  std::vector<std::size_t> length_fields_;  // per field of the dataset: its length's field, or 0
  std::vector<std::int64_t> measured_;      // [samples] x extents_per_sample
  std::vector<binade_buffer> buffers_;      // one per field of the dataset
  std::vector<binade_buffer*> buffer_pointers_;
};

}  // namespace binade::host
