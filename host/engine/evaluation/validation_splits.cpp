#include "host/engine/evaluation/validation_splits.h"

#include <string_view>

#include "host/data/subset.h"

namespace binade::host {
namespace {

constexpr std::string_view validation = "validation";

Split evaluated_part(const Split& split, const TrainingRequest& request) {
  const auto& experiment = request.experiment;
  const auto batches = request.dry_run ? 1 : experiment.train.evaluate_batches;
  if (batches == 0) return split;
  return subset(split, batches * experiment.train.batch_size, experiment.experiment.seed);
}

}  // namespace

bool is_validation(const Split& split) { return split.name == validation || split.name.rfind("validation_", 0) == 0; }

std::vector<Split> validation_splits(const TrainingRequest& request) {
  std::vector<Split> parts{evaluated_part(request.dataset.split(std::string(validation)), request)};
  for (const auto& split : request.dataset.splits()) {
    if (is_validation(split) && split.name != validation) parts.push_back(evaluated_part(split, request));
  }
  return parts;
}

}  // namespace binade::host
