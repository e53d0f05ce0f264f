// A ring of batches: workers claim them in order and fill them concurrently; the caller takes them in order.
#include "host/data/batch_loader.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "host/data/batch_memory.h"

namespace binade::host {

// Batches are numbered from 0 in the order of next(); batch n uses slot n modulo the number of slots.
class BatchLoader::Impl {
 public:
  Impl(const Dataset& dataset, const Split& split, Sampler sampler, bool training, std::uint64_t seed,
       std::uint32_t workers, std::uint32_t prefetch, std::uint64_t first_epoch, std::uint64_t first_batch,
       std::uint64_t count);
  ~Impl() { stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  const HostBatch& next();

 private:
  struct Slot {
    explicit Slot(const Dataset& dataset) : memory(dataset) {}
    BatchMemory memory;
    std::exception_ptr error;
    bool ready = false;
  };

  void work();
  Slot* claim();
  void place(HostBatch& batch);
  void stop();

  const Dataset& dataset_;
  const Split& split_;
  const bool training_;
  const std::uint64_t seed_, count_;
  std::deque<Slot> slots_;

  std::mutex claiming_;  // held while a worker determines the next batch; lock before mutex_
  Sampler sampler_;
  std::uint64_t epoch_, batch_;  // of the next claim
  std::uint64_t claimed_ = 0;

  std::mutex mutex_;  // guards the members below and the slots' `ready`; a slot that is not ready belongs to its worker
  std::condition_variable freed_, filled_;
  std::uint64_t taken_ = 0;  // number of batches taken by next(), including the one in use
  bool stopped_ = false;

  std::vector<std::thread> workers_;
};

BatchLoader::Impl::Impl(const Dataset& dataset, const Split& split, Sampler sampler, bool training, std::uint64_t seed,
                        std::uint32_t workers, std::uint32_t prefetch, std::uint64_t first_epoch,
                        std::uint64_t first_batch, std::uint64_t count)
    : dataset_(dataset),
      split_(split),
      training_(training),
      seed_(seed),
      count_(count),
      sampler_(std::move(sampler)),
      epoch_(first_epoch + first_batch / sampler_.batches_per_epoch()),
      batch_(first_batch % sampler_.batches_per_epoch()) {
  if (sampler_.size() != split.size) throw std::invalid_argument("the sampler's size differs from the split's");
  // One slot for the batch in use, the others for prefetched batches.
  const std::size_t slots = workers == 0 ? 1 : std::size_t{1} + std::max(prefetch, 1u);
  for (std::size_t i = 0; i < slots; ++i) slots_.emplace_back(dataset);
  try {
    for (std::uint32_t i = 0; i < workers; ++i) workers_.emplace_back([this] { work(); });
  } catch (...) {
    stop();
    throw;
  }
}

void BatchLoader::Impl::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  freed_.notify_all();
  for (auto& worker : workers_) worker.join();
}

const HostBatch& BatchLoader::Impl::next() {
  if (workers_.empty()) {
    auto& memory = slots_.front().memory;
    place(memory.batch());
    memory.read(dataset_, split_, training_, seed_);
    return memory.batch();
  }
  std::unique_lock lock(mutex_);
  if (taken_ > 0) slots_[(taken_ - 1) % slots_.size()].ready = false;
  Slot& slot = slots_[taken_++ % slots_.size()];
  freed_.notify_one();
  filled_.wait(lock, [&] { return slot.ready; });
  if (slot.error != nullptr) std::rethrow_exception(std::exchange(slot.error, nullptr));
  return slot.memory.batch();
}

void BatchLoader::Impl::work() {
  while (Slot* slot = claim()) {
    try {
      if (slot->error == nullptr) slot->memory.read(dataset_, split_, training_, seed_);
    } catch (...) {
      slot->error = std::current_exception();
    }
    {
      const std::lock_guard lock(mutex_);
      slot->ready = true;
    }
    filled_.notify_one();
  }
}

// Returns the slot of the next batch, with its position and indices set; nullptr if there are no more or the loader
// stops.
BatchLoader::Impl::Slot* BatchLoader::Impl::claim() {
  const std::lock_guard claiming(claiming_);
  if (claimed_ == count_) return nullptr;
  {
    std::unique_lock lock(mutex_);
    // The slot of the batch in use is not available.
    freed_.wait(lock, [&] { return stopped_ || claimed_ < taken_ + slots_.size() - 1; });
    if (stopped_) return nullptr;
  }
  Slot& slot = slots_[claimed_++ % slots_.size()];
  try {
    place(slot.memory.batch());
  } catch (...) {
    slot.error = std::current_exception();
  }
  return &slot;
}

void BatchLoader::Impl::place(HostBatch& batch) {
  batch.epoch = epoch_;
  batch.batch = batch_;
  batch.epoch_batches = sampler_.batches_per_epoch();
  batch.batch_size = sampler_.batch_size();
  if (++batch_ == sampler_.batches_per_epoch()) {
    batch_ = 0;
    ++epoch_;
  }
  sampler_.batch(batch.epoch, batch.batch, batch.indices);
  for (auto& index : batch.indices) index = split_.index(index);
}

BatchLoader::BatchLoader(const Dataset& dataset, const Split& split, Sampler sampler, bool training, std::uint64_t seed,
                         std::uint32_t workers, std::uint32_t prefetch, std::uint64_t first_epoch,
                         std::uint64_t first_batch, std::uint64_t count)
    : impl_(std::make_unique<Impl>(dataset, split, std::move(sampler), training, seed, workers, prefetch, first_epoch,
                                   first_batch, count)) {}

BatchLoader::~BatchLoader() = default;

const HostBatch& BatchLoader::next() { return impl_->next(); }

}  // namespace binade::host
