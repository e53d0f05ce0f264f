// Orders samples and divides them into batches and ranks.
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
  // This stream is not used to augment any sample: no dataset has that many.
  Random random(seed, epoch, ~std::uint64_t{0});
  for (std::uint64_t left = size; left > 1; --left) std::swap(order[left - 1], order[random.below(left)]);
}

Sampler::Sampler(std::uint64_t size, std::uint64_t batch_size, Order order, bool drop_last, std::uint64_t seed,
                 Shard shard)
    : size_(size), batch_size_(batch_size), seed_(seed), order_(order), shard_(shard) {
  if (size == 0) throw std::invalid_argument("there are no samples to draw from");
  if (batch_size == 0) throw std::invalid_argument("a batch needs at least one sample");
  if (shard.rank >= shard.world_size) throw std::invalid_argument("the rank must be less than the world size");
  const std::uint64_t world = shard.world_size;
  share_ = drop_last && size >= world ? size / world : (size - 1) / world + 1;
  batches_per_epoch_ = drop_last && share_ >= batch_size ? share_ / batch_size : (share_ - 1) / batch_size + 1;
}

std::uint64_t Sampler::last_batch_size() const {
  return std::min(batch_size_, share_ - (batches_per_epoch_ - 1) * batch_size_);
}

std::uint64_t Sampler::left_out() const {
  const auto drawn = ((batches_per_epoch_ - 1) * batch_size_ + last_batch_size()) * shard_.world_size;
  return size_ - std::min(size_, drawn);
}

void Sampler::batch(std::uint64_t epoch, std::uint64_t batch, std::vector<std::uint64_t>& positions) {
  if (batch >= batches_per_epoch_) throw std::out_of_range("the epoch has no such batch");
  if (order_ == Order::shuffled && (permutation_.empty() || permutation_epoch_ != epoch)) {
    permutation(size_, seed_, epoch, permutation_);
    permutation_epoch_ = epoch;
  }
  const std::uint64_t first = batch * batch_size_;
  const std::uint64_t count = std::min(batch_size_, share_ - first);
  positions.clear();
  for (std::uint64_t turn = first; turn < first + count; ++turn) {
    positions.push_back(drawn(epoch, turn * shard_.world_size + shard_.rank));
  }
}

std::uint64_t Sampler::drawn(std::uint64_t epoch, std::uint64_t place) const {
  // Each draw has its own stream. The last stream shuffles, and the first ones augment samples.
  if (order_ == Order::with_replacement) return Random(seed_, epoch, ~std::uint64_t{1} - place).below(size_);
  return order_ == Order::shuffled ? permutation_[place % size_] : place % size_;
}

}  // namespace binade::host
