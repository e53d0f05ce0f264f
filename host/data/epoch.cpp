// Arithmetic with epochs, batches and steps.
#include "host/data/epoch.h"

#include <algorithm>

namespace binade::host {
namespace {

std::uint64_t divided_up(std::uint64_t batches, std::uint64_t accumulate) {
  return batches / accumulate + (batches % accumulate == 0 ? 0 : 1);
}

}  // namespace

std::uint64_t EpochPosition::batches_of_step(std::uint64_t accumulate) const {
  return std::min(accumulate, batches - batch);
}

EpochPosition EpochPosition::behind(std::uint64_t count) const {
  return batch + count == batches ? EpochPosition{epoch + 1, 0, batches} : EpochPosition{epoch, batch + count, batches};
}

std::uint64_t EpochPosition::steps_until(std::uint64_t epochs, std::uint64_t accumulate) const {
  if (epoch >= epochs) return 0;
  return divided_up(batches - batch, accumulate) + (epochs - epoch - 1) * divided_up(batches, accumulate);
}

EpochPosition EpochPosition::divided_into(std::uint64_t other_batches) const {
  __extension__ using Wide = unsigned __int128;
  return {epoch, static_cast<std::uint64_t>(Wide{batch} * other_batches / batches), other_batches};
}

}  // namespace binade::host
