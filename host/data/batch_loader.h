// Batches, read ahead by workers into host-owned buffers that are reused. Their content depends on (seed, epoch, batch)
// alone, never on which worker was faster.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "host/data/dataset.h"
#include "host/data/sampler.h"

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
  std::vector<std::uint64_t> indices;  // of the plugin's split, one per sample
  std::vector<BatchField> fields;      // the dataset's, in order, then the lengths
};

class BatchLoader {
 public:
  // Batches of `split` from (epoch, batch) on, without end: after an epoch's last batch comes the next epoch's first.
  // `workers` threads read ahead, at most `prefetch` batches; 0 workers: read when asked, in the caller's thread.
  // `training`: samples are to be augmented. dataset and split outlive the loader.
  BatchLoader(const Dataset& dataset, const Split& split, Sampler sampler, bool training, std::uint64_t seed,
              std::uint32_t workers, std::uint32_t prefetch, std::uint64_t first_epoch, std::uint64_t first_batch);
  ~BatchLoader();  // stops and joins the workers

  // The next batch; valid until the next call. Rethrows what a worker threw (PluginError). Allocates nothing once the
  // buffers have grown to their largest batch.
  const HostBatch& next();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace binade::host
