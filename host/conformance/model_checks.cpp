// The checks of models. The engine builds the model and inspects its tensors; this file does not use LibTorch.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "host/base/sha256.h"
#include "host/conformance/checks.h"
#include "host/conformance/child.h"
#include "host/conformance/trial_batch.h"
#include "host/data/dtype.h"

namespace binade::host {
namespace {

using Built = std::unique_ptr<ProbedModel>;

Built build(const PluginUnderTest& subject, const Plugin& plugin, std::uint64_t further_seed = 0) {
  return subject.model->build(plugin, subject.options, subject.model->inputs, subject.seed + further_seed);
}

// Throws Violation unless `now` equals `before`.
void require_same(const std::vector<ProbedTensor>& before, const std::vector<ProbedTensor>& now,
                  const std::string& what) {
  if (before.size() != now.size()) {
    throw Violation(fmt::format("{}: there are {} tensors instead of {}", what, now.size(), before.size()));
  }
  for (std::size_t i = 0; i < now.size(); ++i) {
    const auto &was = before[i], &is = now[i];
    if (was.name == is.name && was.type == is.type && was.shape == is.shape && was.bytes == is.bytes) continue;
    throw Violation(fmt::format("{}: `{}` differs", what, is.name));
  }
}

void names_its_state(const PluginUnderTest& subject) {
  const auto plugin = open(subject);
  const auto model = build(subject, plugin);
  std::set<std::string> seen;
  for (const auto& name : model->names()) {
    if (name.empty()) throw Violation("a parameter or buffer has no name");
    if (!seen.insert(name).second) throw Violation(fmt::format("two parameters or buffers are called `{}`", name));
  }
  for (const auto& tensor : model->state()) {
    if (!tensor.finite) throw Violation(fmt::format("the initial values of `{}` are not all finite", tensor.name));
  }
}

void goes_forward(const PluginUnderTest& subject) {
  const auto plugin = open(subject);
  const auto model = build(subject, plugin);
  const auto most = subject.model->batch->indices.size();
  for (const bool training : {true, false}) {
    model->train(training);
    for (const auto samples : {most, most / 2}) {
      const TrialBatch batch(subject, samples);
      const auto output = model->forward(*batch, subject.seed);
      const auto got = output.shape.empty() ? 0 : output.shape.front();
      if (!output.floating)
        throw Violation(fmt::format("forward() returns {}, which is not a floating-point type", output.type));
      if (!output.finite) throw Violation("forward() returns numbers that are not finite for the initial weights");
      if (got != static_cast<std::int64_t>(samples)) {
        throw Violation(fmt::format("forward() returns [{}] for {} samples", fmt::join(output.shape, ", "), samples));
      }
    }
  }
}

void goes_backward(const PluginUnderTest& subject) {
  const auto plugin = open(subject);
  const auto model = build(subject, plugin);
  const TrialBatch batch(subject);
  const auto state = model->state();
  const bool learns = std::any_of(state.begin(), state.end(), [](const auto& tensor) { return tensor.differentiable; });
  if (!learns) throw Violation("no parameter requires a gradient");
  model->train(true);
  model->forward(*batch, subject.seed);
  const auto gradients = model->backward();
  if (gradients.empty()) throw Violation("no parameter gets a gradient");
  for (const auto& gradient : gradients) {
    if (!gradient.finite) throw Violation(fmt::format("the gradient of `{}` is not finite", gradient.name));
  }
}

struct Steps {
  std::vector<ProbedTensor> before, after;  // parameters and buffers
  std::vector<ProbedTensor> results;        // outputs and gradients
};

Steps two_steps(const PluginUnderTest& subject, const Plugin& plugin) {
  const auto model = build(subject, plugin);
  const TrialBatch batch(subject);
  Steps steps{model->state(), {}, {}};
  model->train(true);
  for (std::uint64_t step = 0; step < 2; ++step) {
    steps.results.push_back(model->forward(*batch, subject.seed + step));
    const auto gradients = model->backward();
    steps.results.insert(steps.results.end(), gradients.begin(), gradients.end());
  }
  steps.after = model->state();
  return steps;
}

std::string digest(const Steps& steps) {
  Sha256 sha256;
  for (const auto* part : {&steps.before, &steps.results, &steps.after}) {
    for (const auto& tensor : *part) sha256.update(tensor.bytes.data(), tensor.bytes.size());
  }
  return sha256.hex();
}

void does_the_same_each_time(const PluginUnderTest& subject) {
  const auto plugin = open(subject);
  const auto one = two_steps(subject, plugin), other = two_steps(subject, plugin);
  require_same(one.before, other.before, "built twice from the same seed");
  require_same(one.results, other.results, "the same steps from the same weights and the same seed");
  require_same(one.after, other.after, "after the same steps");
  // A child answers by throwing.
  const auto elsewhere = run_in_child([&] { throw std::runtime_error(digest(two_steps(subject, open(subject)))); },
                                      std::chrono::minutes(1));
  if (elsewhere != digest(one))
    throw Violation("in another process, the same steps from the same seed give different weights or outputs");
}

void evaluates_without_a_trace(const PluginUnderTest& subject) {
  const auto plugin = open(subject);
  const auto model = build(subject, plugin);
  const TrialBatch batch(subject);
  model->train(true);
  model->forward(*batch, subject.seed);
  model->train(false);
  const auto before = model->state();
  const auto one = model->forward(*batch, subject.seed), other = model->forward(*batch, subject.seed + 1);
  require_same(before, model->state(), "forward() changes the state in evaluation mode");
  require_same({one}, {other}, "in evaluation mode, forward() returns something else the second time");
}

void leaves_its_inputs(const PluginUnderTest& subject) {
  const auto plugin = open(subject);
  const auto model = build(subject, plugin);
  const TrialBatch batch(subject), untouched(subject);
  for (const bool training : {true, false}) {
    model->train(training);
    model->forward(*batch, subject.seed);
    for (std::size_t i = 0; i < batch.memory().size(); ++i) {
      if (batch.memory()[i] == untouched.memory()[i]) continue;
      throw Violation(fmt::format("forward() writes into its input, the field `{}`", (*batch).fields[i].name));
    }
  }
}

// Copies the state into a model with other initial weights: what the state does not carry, a checkpoint loses.
void is_all_in_its_state(const PluginUnderTest& subject) {
  const auto plugin = open(subject);
  const auto trained = build(subject, plugin), resumed = build(subject, plugin, 1);
  const TrialBatch batch(subject);
  trained->train(true);
  for (std::uint64_t step = 0; step < 2; ++step) trained->forward(*batch, subject.seed + step);
  resumed->take_state(*trained);
  require_same(trained->state(), resumed->state(), "parameters and buffers, copied into a second model");
  for (const bool training : {false, true}) {
    trained->train(training);
    resumed->train(training);
    require_same({trained->forward(*batch, subject.seed)}, {resumed->forward(*batch, subject.seed)},
                 "a second model with the same parameters and buffers: something else affects the result, too");
  }
}

// The call may fail, but it must return.
template <class Call>
void try_to(Call&& call) {
  try {
    call();
  } catch (const PluginError&) {
    return;
  }
}

void accepts_no_samples(const PluginUnderTest& subject) {
  const auto plugin = open(subject);
  const auto model = build(subject, plugin);
  for (const bool training : {true, false}) {
    model->train(training);
    for (const std::size_t samples : {0, 1}) {
      const TrialBatch batch(subject, samples);
      try_to([&] { model->forward(*batch, 0); });
    }
  }
}

void survives_strange_inputs(const PluginUnderTest& subject) {
  const auto plugin = open(subject);
  const auto model = build(subject, plugin);
  const auto with = [&](auto change) {
    TrialBatch batch(subject);
    batch.change(change);
    try_to([&] { model->forward(*batch, 0); });
  };
  for (const char fill : {'\xFF', '\x7F', '\0'}) {  // NaN or -1, large, zero
    with([&](BatchField&, std::string& memory) { std::fill(memory.begin(), memory.end(), fill); });
  }
  with([](BatchField& field, std::string&) { field.shape.push_back(1); });
  with([](BatchField& field, std::string& memory) {
    field.shape.resize(1);
    memory.resize(element_size(field.dtype) * static_cast<std::size_t>(field.shape.front()));
  });
  with([](BatchField& field, std::string&) {
    std::int64_t elements = 1;
    for (const auto extent : field.shape) elements *= extent;
    field.shape = {1, elements};
  });
  with([](BatchField& field, std::string&) {
    const bool wide = element_size(field.dtype) == sizeof(double);
    const bool integers = field.dtype == BINADE_INT64 || field.dtype == BINADE_INT32;
    field.dtype = wide ? (integers ? BINADE_FLOAT64 : BINADE_INT64) : field.dtype;
    if (element_size(field.dtype) == sizeof(float)) field.dtype = integers ? BINADE_FLOAT32 : BINADE_INT32;
  });
}

void refuses_another_number_of_inputs(const PluginUnderTest& subject) {
  const auto plugin = open(subject);
  const TrialBatch batch(subject);
  auto fewer = subject.model->inputs, more = fewer;
  fewer.pop_back();
  more.push_back(more.front());
  for (const auto& inputs : {fewer, more}) {
    const auto model = subject.model->build(plugin, subject.options, inputs, subject.seed);
    try {
      model->forward(*batch, subject.seed);
    } catch (const PluginError&) {
      continue;
    }
    throw Violation(
        fmt::format("forward() accepts {} inputs as if they were {}", inputs.size(), subject.model->inputs.size()));
  }
}

void use_model(const PluginUnderTest& subject, const Plugin& plugin) {
  const auto model = build(subject, plugin);
  const TrialBatch batch(subject);
  model->train(true);
  try_to([&] { model->loss(*batch, subject.seed); });  // it may expect other fields than the batch has
  model->forward(*batch, subject.seed);
  model->backward();
}

}  // namespace

std::vector<Check> model_checks() {
  return with_checks_of_use({{"state_names", names_its_state, true},
                             {"forward", goes_forward, true},
                             {"backward", goes_backward},
                             {"determinism", does_the_same_each_time},
                             {"evaluation", evaluates_without_a_trace},
                             {"inputs", leaves_its_inputs},
                             {"input_count", refuses_another_number_of_inputs},
                             {"state_round_trip", is_all_in_its_state},
                             {"zero_samples", accepts_no_samples},
                             {"strange_inputs", survives_strange_inputs}},
                            use_model);
}

}  // namespace binade::host
