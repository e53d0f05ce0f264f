// Orders of samples, and their division into batches and ranks.
#include "host/data/sampler.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "binade/random.h"

namespace binade::host {

std::vector<std::uint64_t> permutation(std::uint64_t size, std::uint64_t seed, std::uint64_t epoch) {
  std::vector<std::uint64_t> order;
  permutation(size, seed, epoch, order);
  return order;
}

void permutation(std::uint64_t size, std::uint64_t seed, std::uint64_t epoch, std::vector<std::uint64_t>& order) {
  order.resize(size);
  std::iota(order.begin(), order.end(), std::uint64_t{0});
  // Not the stream that augments a sample: no dataset has that many.
  Random random(seed, epoch, ~std::uint64_t{0});
  for (std::uint64_t left = size; left > 1; --left) std::swap(order[left - 1], order[random.below(left)]);
}

Sampler::Sampler(std::uint64_t size, std::uint64_t batch_size, bool shuffle, bool drop_last, std::uint64_t seed,
                 Shard shard)
    : size_(size), batch_size_(batch_size), seed_(seed), shuffle_(shuffle), shard_(shard) {
  if (size == 0) throw std::invalid_argument("there are no samples to draw from");
  if (batch_size == 0) throw std::invalid_argument("a batch needs at least one sample");
  if (shard.rank >= shard.world_size) throw std::invalid_argument("the rank must be below the world size");
  const std::uint64_t world = shard.world_size;
  share_ = drop_last && size >= world ? size / world : (size - 1) / world + 1;
  batches_per_epoch_ = drop_last && share_ >= batch_size ? share_ / batch_size : (share_ - 1) / batch_size + 1;
}

void Sampler::batch(std::uint64_t epoch, std::uint64_t batch, std::vector<std::uint64_t>& positions) {
  if (batch >= batches_per_epoch_) throw std::out_of_range("the epoch has no such batch");
  if (shuffle_ && (order_.empty() || order_epoch_ != epoch)) {
    permutation(size_, seed_, epoch, order_);
    order_epoch_ = epoch;
  }
  const std::uint64_t first = batch * batch_size_;
  const std::uint64_t count = std::min(batch_size_, share_ - first);
  positions.clear();
  for (std::uint64_t turn = first; turn < first + count; ++turn) {
    const std::uint64_t place = (turn * shard_.world_size + shard_.rank) % size_;
    positions.push_back(shuffle_ ? order_[place] : place);
  }
}

}  // namespace binade::host
