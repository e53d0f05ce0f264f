// Determines the order of samples from (seed, epoch, rank, world size) only, so that a resumed run sees the same order.
#pragma once

#include <cstdint>
#include <vector>

namespace binade::host {

// A uniformly random permutation of [0, size): Fisher-Yates with SplitMix64 seeded by (seed, epoch). The same on every
// platform. The second form reuses the memory of `order`.
std::vector<std::uint64_t> permutation(std::uint64_t size, std::uint64_t seed, std::uint64_t epoch);
void permutation(std::uint64_t size, std::uint64_t seed, std::uint64_t epoch, std::vector<std::uint64_t>& order);

struct Shard {
  std::uint32_t rank = 0;
  std::uint32_t world_size = 1;
};

// shuffled: a new permutation in each epoch. with_replacement: each draw is from all samples, independent of earlier
// draws.
enum class Order { sequential, shuffled, with_replacement };

// Divides epochs into batches. Each epoch has as many draws as samples. With `drop_last`, a smaller last batch is
// omitted unless it is the only batch. Rank r of w gets positions r, r + w, ... of the order, and all ranks get equally
// many: if the size is not a multiple of w, the remainder is omitted with `drop_last`; otherwise (or if there are fewer
// samples than ranks) the last round is filled up from the start of the order.
class Sampler {
 public:
  // Throws std::invalid_argument if there are no samples, the batch size is 0, or the rank is not less than the world
  // size.
  Sampler(std::uint64_t size, std::uint64_t batch_size, Order order, bool drop_last, std::uint64_t seed, Shard shard);

  std::uint64_t size() const { return size_; }
  std::uint64_t batch_size() const { return batch_size_; }
  std::uint64_t batches_per_epoch() const { return batches_per_epoch_; }
  // Number of draws per epoch that `drop_last` omits, over all ranks.
  std::uint64_t left_out() const;
  // Number of samples in the last batch of an epoch.
  std::uint64_t last_batch_size() const;

  // Writes the positions (less than size()) of batch `batch` of `epoch` to `positions`, whose capacity is reused.
  // Throws std::out_of_range if the epoch has no such batch. Epochs may be requested in any order; sequential access is
  // fast.
  void batch(std::uint64_t epoch, std::uint64_t batch, std::vector<std::uint64_t>& positions);

 private:
  std::uint64_t drawn(std::uint64_t epoch, std::uint64_t place) const;

  std::uint64_t size_, batch_size_, seed_;
  std::uint64_t share_;  // samples of this rank in an epoch
  std::uint64_t batches_per_epoch_;
  Order order_;
  Shard shard_;
  std::uint64_t permutation_epoch_ = 0;
  std::vector<std::uint64_t> permutation_;  // of permutation_epoch_; empty until needed, and when not shuffled
};

}  // namespace binade::host
