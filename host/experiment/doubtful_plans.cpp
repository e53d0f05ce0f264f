#include "host/experiment/doubtful_plans.h"

#include <fmt/format.h>

namespace binade::host {
namespace {

std::uint64_t count(const OptionTable& table, std::string_view name) {
  return table.has(name) ? static_cast<std::uint64_t>(table.integer(name)) : 0;
}

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
    const auto warmup = count(e_.schedule, "warmup_steps");
    const bool only_warmup_is_meant = e_.schedule.string("name") == "constant" && warmup == steps_;
    if (warmup < steps_ || warmup == 0 || only_warmup_is_meant) return;
    const double reached = static_cast<double>(steps_) / static_cast<double>(warmup);
    sentences_.push_back(fmt::format(
        "[schedule] warmup_steps = {} uses up all {} steps: {}what follows the warm-up never begins", warmup, steps_,
        reached < 1 ? fmt::format("the learning rate stays below {:.2g} lr, and ", reached) : ""));
  }

  void drops() {
    const auto size = count(e_.schedule, "step_size"), warmup = count(e_.schedule, "warmup_steps");
    if (size == 0 || warmup + size < steps_) return;
    sentences_.push_back(fmt::format(
        "[schedule] step_size = {} is not reached in {} steps: the learning rate never drops", size, steps_));
  }

  void early_stopping() {
    const auto patience = count(e_.train, "early_stopping.patience"), every = count(e_.train, "evaluate_every");
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
  const bool cycles = e.schedule.has("cycle_momentum") && e.schedule.boolean("cycle_momentum");
  if (optimizer.has("dampening") && optimizer.number("dampening") != 0 && optimizer.number("momentum") == 0 &&
      !cycles) {
    sentences.emplace_back("[optimizer] dampening has no effect without momentum");
  }
}

}  // namespace

std::vector<std::string> doubtful_plans(const Experiment& experiment) {
  const auto steps = count(experiment.train, "steps");
  auto sentences = steps == 0 ? std::vector<std::string>() : Plans(experiment, steps).doubtful();
  void_keys(experiment, sentences);
  return sentences;
}

std::vector<std::string> doubtful_plans(const Experiment& experiment, std::uint64_t steps) {
  if (steps == 0 || steps == count(experiment.train, "steps")) return {};
  return Plans(experiment, steps).doubtful();
}

}  // namespace binade::host
