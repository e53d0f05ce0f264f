// Connects split, sampler and loader.
#include "host/engine/loop/training_data.h"

#include <fmt/format.h>

#include <algorithm>

#include "binade/abi/plugin.h"

namespace binade::host {
namespace {

bool draws_with_replacement(const TrainSettings& train) { return train.sampling == "replacement"; }

Sampler make_sampler(const Split& split, const TrainSettings& train, std::uint64_t seed) {
  const auto order = draws_with_replacement(train) ? Order::with_replacement : Order::shuffled;
  return {split.size, train.batch_size, order, train.drop_last, seed, Shard{}};
}

// Recognizes the running means of PyTorch's batch normalization by name.
bool normalizes_batches(const Model& model) {
  const auto& buffers = model.buffers();
  return std::any_of(buffers.begin(), buffers.end(),
                     [](const auto& buffer) { return buffer.name.ends_with("running_mean"); });
}

}  // namespace

TrainingData::TrainingData(const Dataset& dataset, const TrainSettings& train, std::uint64_t seed)
    : dataset_(dataset),
      seed_(seed),
      split_(dataset.split("train")),
      sampler_(make_sampler(split_, train, seed)),
      with_replacement_(draws_with_replacement(train)),
      workers_(train.workers),
      prefetch_(train.prefetch) {}

EpochPosition TrainingData::begin(const LoopState* resumed) const {
  const auto batches = sampler_.batches_per_epoch();
  if (resumed == nullptr) return {0, 0, batches};
  if (resumed->position) return resumed->position->divided_into(batches);
  return {resumed->batches / batches, resumed->batches % batches, batches};
}

BatchLoader TrainingData::batches(const EpochPosition& begin) const {
  return {dataset_, split_, sampler_, /*training=*/true, seed_, workers_, prefetch_, begin.epoch, begin.batch};
}

void TrainingData::tell(const Model& model, RunListener& listener) const {
  if (const auto left_out = sampler_.left_out(); left_out > 0 && !with_replacement_) {
    listener.message(BINADE_LOG_INFO, fmt::format("{} of {} samples are left out of each epoch, as [train] drop_last "
                                                  "asks: the last batch would not be full",
                                                  left_out, split_.size));
  }
  if (sampler_.last_batch_size() == 1 && sampler_.batches_per_epoch() > 1 && normalizes_batches(model)) {
    listener.message(BINADE_LOG_WARNING,
                     "the last batch of each epoch has one sample, and the model normalizes over the samples of a "
                     "batch: [train] drop_last = true leaves that batch out");
  }
}

}  // namespace binade::host
