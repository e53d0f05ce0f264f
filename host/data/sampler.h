// In which order samples are drawn: a function of (seed, epoch, rank, world size), so that a resumed run sees the same.
#pragma once

#include <cstdint>
#include <vector>

namespace binade::host {

// A uniformly random permutation of [0, size): Fisher-Yates driven by SplitMix64 from (seed, epoch). The same on every
// platform. The second form reuses what `order` has allocated.
std::vector<std::uint64_t> permutation(std::uint64_t size, std::uint64_t seed, std::uint64_t epoch);
void permutation(std::uint64_t size, std::uint64_t seed, std::uint64_t epoch, std::vector<std::uint64_t>& order);

struct Shard {
  std::uint32_t rank = 0;
  std::uint32_t world_size = 1;
};

// shuffled: a new permutation each epoch. with_replacement: each draw is from all samples, whatever came before.
enum class Order { sequential, shuffled, with_replacement };

// Walks through epochs, batch by batch. Each epoch has as many draws as samples. Its last batch has what is left, and
// is left out where that is too little for a full one and `drop_last` asks for it, unless it is the only batch. Ranks
// take turns: rank r of w gets positions r, r + w, ... of the order, equally many on each rank: where the size is not a
// multiple of w, the rest is left out with `drop_last`, and otherwise (or when there are fewer samples than ranks) the
// last round is filled up from the order's beginning.
class Sampler {
 public:
  // Throws std::invalid_argument when there are no samples, the batch size is 0, or the rank is none of the world's.
  Sampler(std::uint64_t size, std::uint64_t batch_size, Order order, bool drop_last, std::uint64_t seed, Shard shard);

  std::uint64_t size() const { return size_; }
  std::uint64_t batch_size() const { return batch_size_; }
  std::uint64_t batches_per_epoch() const { return batches_per_epoch_; }
  // The draws that `drop_last` takes from each epoch, over all ranks.
  std::uint64_t left_out() const;
  // How many samples the last batch of an epoch has.
  std::uint64_t last_batch_size() const;

  // Positions (below size) of batch `batch` of `epoch`, into `positions` (cleared first; capacity is reused). Throws
  // std::out_of_range when the epoch has no such batch. Epochs may be asked for in any order; going through them in
  // theirs is fast.
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
