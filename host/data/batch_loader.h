// Prefetches batches with worker threads into reused buffers. The contents depend only on (seed, epoch, batch), not on
// the workers' timing.
#pragma once

#include <cstdint>
#include <memory>

#include "host/data/batch.h"
#include "host/data/dataset.h"
#include "host/data/sampler.h"

namespace binade::host {

class BatchLoader {
 public:
  static constexpr std::uint64_t endless = ~std::uint64_t{0};

  // Loads batches of `split` from (first_epoch, first_batch) on, epoch after epoch: `count` of them, after which
  // nothing more is read and next() must not be called. `workers` threads prefetch up to `prefetch` batches; with 0
  // workers, next() reads in the calling thread. `training`: augment samples. `dataset` and `split` must outlive the
  // loader. A first_batch beyond the end of its epoch continues in the following epochs. Throws std::invalid_argument
  // if the sampler's size differs from the split's.
  BatchLoader(const Dataset& dataset, const Split& split, Sampler sampler, bool training, std::uint64_t seed,
              std::uint32_t workers, std::uint32_t prefetch, std::uint64_t first_epoch, std::uint64_t first_batch,
              std::uint64_t count = endless);
  ~BatchLoader();  // stops and joins the workers, after reads in progress
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  // Returns the next batch, which is valid until the next call. Rethrows an exception from reading this batch
  // (PluginError); the following call continues with the next one. Does not allocate once the buffers have grown to the
  // largest batch. One thread at a time.
  const HostBatch& next();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace binade::host
