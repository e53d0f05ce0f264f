#include "host/experiment/doubtful_plans.h"

#include <fmt/format.h>

namespace binade::host {
namespace {

// The plans of a run of `steps_` steps.
class Plans {
 public:
  Plans(const Experiment& experiment, std::uint64_t steps) : e_(experiment), steps_(steps) {}

  std::vector<std::string> doubtful() && {
    warmup();
    drops();
    early_stopping();
    return std::move(sentences_);
  }

 private:
  // With warmup_steps = steps, only the last step has the full rate, and what follows the warm-up never begins.
  void warmup() {
    const auto warmup = e_.schedule.warmup_steps;
    const bool only_warmup_is_meant = e_.schedule.name == "constant" && warmup == steps_;
    if (warmup < steps_ || warmup == 0 || only_warmup_is_meant) return;
    const double reached = static_cast<double>(steps_) / static_cast<double>(warmup);
    sentences_.push_back(fmt::format(
        "[schedule] warmup_steps = {} uses up all {} steps: {}what follows the warm-up never begins", warmup, steps_,
        reached < 1 ? fmt::format("the learning rate stays below {:.2g} lr, and ", reached) : ""));
  }

  void drops() {
    const auto size = e_.schedule.step_size, warmup = e_.schedule.warmup_steps;
    if (size == 0 || warmup + size < steps_) return;
    sentences_.push_back(fmt::format(
        "[schedule] step_size = {} is not reached in {} steps: the learning rate never drops", size, steps_));
  }

  void early_stopping() {
    const auto patience = e_.train.early_stopping_patience, every = e_.train.evaluate_every.value_or(0);
    if (patience == 0 || every == 0 || patience < steps_ / every) return;
    sentences_.push_back(fmt::format(
        "[train] early_stopping.patience = {} never ends the run: in {} steps there are {} evaluations, one every {}",
        patience, steps_, steps_ / every, every));
  }

  const Experiment& e_;
  std::uint64_t steps_;
  std::vector<std::string> sentences_;
};

// Plans that have no effect in a run of any length.
void void_keys(const Experiment& e, std::vector<std::string>& sentences) {
  const auto& optimizer = e.optimizer;
  if (optimizer.dampening != 0 && optimizer.momentum == 0 && !e.schedule.cycle_momentum) {
    sentences.emplace_back("[optimizer] dampening has no effect without momentum");
  }
}

}  // namespace

std::vector<std::string> doubtful_plans(const Experiment& experiment) {
  const auto steps = experiment.train.steps.value_or(0);
  auto sentences = steps == 0 ? std::vector<std::string>() : Plans(experiment, steps).doubtful();
  void_keys(experiment, sentences);
  return sentences;
}

std::vector<std::string> doubtful_plans(const Experiment& experiment, std::uint64_t steps) {
  if (steps == 0 || steps == experiment.train.steps.value_or(0)) return {};
  return Plans(experiment, steps).doubtful();
}

}  // namespace binade::host
