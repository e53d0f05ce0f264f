// The training split as [train] asks for it: in epochs, batches and steps.
#pragma once

#include "host/data/batch_loader.h"
#include "host/data/epoch.h"
#include "host/engine/loop/loop_state.h"
#include "host/engine/model/model.h"
#include "host/events/events.h"
#include "host/experiment/settings.h"

namespace binade::host {

class TrainingData {
 public:
  // `train`: the experiment's section. The dataset must outlive this.
  TrainingData(const Dataset& dataset, const TrainSettings& train, std::uint64_t seed);

  const Split& split() const { return split_; }
  std::uint64_t seed() const { return seed_; }

  // Where a run begins: at the start, or after the last batch of the resumed run.
  EpochPosition begin(const LoopState* resumed) const;

  // From there on, without end. This must outlive them.
  BatchLoader batches(const EpochPosition& begin) const;

  // Reports what an epoch leaves out, and a last batch that is too small for batch normalization.
  void tell(const Model& model, RunListener& listener) const;

 private:
  const Dataset& dataset_;
  std::uint64_t seed_;
  const Split& split_;
  Sampler sampler_;
  bool with_replacement_;  // then each epoch leaves out other samples
  std::uint32_t workers_, prefetch_;
};

}  // namespace binade::host
