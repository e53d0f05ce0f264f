// Evaluation: a split from its first sample to its last, without gradient and in evaluation mode.
#pragma once

#include <atomic>
#include <functional>
#include <optional>

#include "host/engine/model/task.h"
#include "host/events/events.h"

namespace binade::host {

struct EvaluationPlan {
  const Dataset& dataset;
  const Split& split;
  std::uint64_t batch_size;
  std::uint32_t workers, prefetch;
  std::uint64_t seed;
  const std::atomic<int>* stop_signal = nullptr;  // non-zero: no further batch
  std::function<void()> before_batch{};           // may be empty
};

// Loss and scalars are means over the samples, or over the counted targets of a token loss; waits for the device once,
// at the end. Leaves the model in training mode. Returns nullopt when the signal stopped it.
std::optional<EvaluationRecord> evaluate(const EvaluationPlan& plan, Model& model, const Task& task,
                                         const binade_policy& policy, c10::Device device);

struct Probe {
  std::vector<std::string> scalar_names;  // of a model's own loss, or of the task
  std::string warning;                    // not empty: a regression target is huge, and the model starts near 0
};

// Evaluates one batch before training begins, to find a model, dataset and task that do not fit together. Throws
// std::runtime_error for names of scalars that metrics cannot have.
Probe probe(const EvaluationPlan& plan, Model& model, const Task& task, const binade_policy& policy,
            c10::Device device);

}  // namespace binade::host
