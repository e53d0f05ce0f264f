// Batches, read ahead by workers into host-owned buffers that are reused. Their content depends on (seed, epoch, batch)
// alone, never on which worker was faster.
#pragma once

#include <cstdint>
#include <memory>

#include "host/data/batch.h"
#include "host/data/dataset.h"
#include "host/data/sampler.h"

namespace binade::host {

class BatchLoader {
 public:
  // Batches of `split` from (epoch, batch) on, without end: after an epoch's last batch comes the next epoch's first.
  // `workers` threads read ahead, at most `prefetch` batches; 0 workers: read when asked, in the caller's thread.
  // `training`: samples are to be augmented. dataset and split outlive the loader. A first_batch behind the epoch's
  // last means one of the epochs after it. Throws std::invalid_argument when the sampler is not of the split's size.
  BatchLoader(const Dataset& dataset, const Split& split, Sampler sampler, bool training, std::uint64_t seed,
              std::uint32_t workers, std::uint32_t prefetch, std::uint64_t first_epoch, std::uint64_t first_batch);
  ~BatchLoader();  // stops and joins the workers; waits for reads that are under way
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  // The next batch; valid until the next call. Rethrows what reading this batch threw (PluginError), after all batches
  // before it were handed out; the call after that goes on behind it. Allocates nothing once the buffers have grown to
  // their largest batch. One thread at a time.
  const HostBatch& next();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace binade::host
