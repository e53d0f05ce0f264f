// Replays sequences of calls that PyTorch's GradScaler recorded: scales, trackers, steps, unscaled values, errors.
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "host/engine/amp/grad_scaler.h"
#include "tests/engine/goldens.h"
#include "tests/engine/in_memory_plugins.h"

namespace binade::host {
namespace {

using testing::Json;

binade_policy policy_of(const Json& golden) {
  auto policy = testing::scaling(golden["init_scale"], golden["growth_factor"], golden["backoff_factor"],
                                 golden["growth_interval"]);
  policy.dynamic_scaling = golden.value("enabled", true) ? 1 : 0;
  return policy;
}

GradScalerState state_of(const Json& state) {
  return {state["scale"], state["growth_factor"], state["backoff_factor"], state["growth_interval"],
          state["_growth_tracker"]};
}

bool is_quirk(const Json& golden) {
  const auto tags = golden["tags"].get<std::set<std::string>>();
  return tags.count("quirk") != 0;
}

// Rows with "times" stand for so many equal ones, in which a growth tracker [from, to] rises by one.
Json expanded(const Json& rows) {
  auto all = Json::array();
  for (auto row : rows) {
    const auto times = row.value("times", 1);
    const auto tracker = row.value("growth_tracker", Json());
    for (int i = 0; i < times; ++i) {
      if (tracker.is_array()) row["growth_tracker"] = tracker[0].get<std::uint64_t>() + static_cast<std::uint64_t>(i);
      all.push_back(row);
    }
  }
  return all;
}

// One case of scaler.json, call by call.
class ScalerReplay {
 public:
  explicit ScalerReplay(const Json& golden) : golden_(golden), scaler_(policy_of(golden)) {}

  void run() {
    const auto steps = expanded(golden_["steps"]), expected = expanded(golden_["expect"]);
    ASSERT_EQ(steps.size(), expected.size());
    for (std::size_t i = 0; i < steps.size(); ++i) {
      SCOPED_TRACE("step " + std::to_string(i));
      step(steps[i], expected[i]);
      if (::testing::Test::HasFailure()) return;
    }
  }

 private:
  void prepare(const Json& given, const Json& expected) {
    if (given.contains("set")) {
      const auto& set = given["set"];
      if (set.contains("growth_factor")) scaler_.set_growth_factor(set["growth_factor"]);
      if (set.contains("backoff_factor")) scaler_.set_backoff_factor(set["backoff_factor"]);
      if (set.contains("growth_interval")) scaler_.set_growth_interval(set["growth_interval"]);
    }
    if (given.contains("load_state")) scaler_.load_state(state_of(given["load_state"]));
    if (!given.contains("reload")) return;
    const auto state = scaler_.state();
    ASSERT_TRUE(state);
    const auto saved = state_of(expected["saved_state"]);
    EXPECT_EQ(state->scale, saved.scale);
    EXPECT_EQ(state->growth_factor, saved.growth_factor);
    EXPECT_EQ(state->backoff_factor, saved.backoff_factor);
    EXPECT_EQ(state->growth_interval, saved.growth_interval);
    EXPECT_EQ(state->growth_tracker, saved.growth_tracker);
    scaler_ = GradScaler(testing::scaling(3.0, 5.0, 0.125, 7));
    scaler_.load_state(state);
  }

  // Real gradients of one optimizer, inf where the golden says so. Returns whether it stepped.
  bool step_optimizer(std::size_t number, const Json& parameters, bool found_inf) {
    std::vector<at::Tensor> gradients;
    for (const bool has_gradient : parameters) {
      if (!has_gradient) continue;
      const bool bad = found_inf && gradients.empty();
      gradients.push_back(at::tensor({1.0f, bad ? std::numeric_limits<float>::infinity() : 2.0f}));
    }
    const auto found = scaler_.unscale(gradients, number);
    EXPECT_EQ(found.defined(), scaler_.enabled());
    const bool seen = found.defined() && found.item<float>() != 0;
    if (scaler_.enabled()) {
      EXPECT_EQ(seen, found_inf);
    }
    return scaler_.step(seen, number);
  }

  void step(const Json& given, const Json& expected) {
    prepare(given, expected);
    scaler_.scale(at::tensor({1.0f}));
    const auto parameters = golden_.value("params", Json::parse("[[true, true]]"));
    bool all_stepped = true;
    for (std::size_t number = 0; number < parameters.size(); ++number) {
      const bool found_inf = given.contains("found_inf_per_optimizer")
                                 ? given["found_inf_per_optimizer"][number].get<bool>()
                                 : given["found_inf"].get<bool>();
      const bool stepped = step_optimizer(number, parameters[number], found_inf);
      if (expected.contains("stepped_per_optimizer")) {
        EXPECT_EQ(stepped, expected["stepped_per_optimizer"][number].get<bool>());
      }
      all_stepped = all_stepped && stepped;
    }
    if (given.contains("new_scale")) {
      scaler_.update(given["new_scale"].get<double>());
    } else {
      scaler_.update();
    }
    EXPECT_EQ(all_stepped, expected["stepped"].get<bool>());
    EXPECT_EQ(scaler_.get_scale(), expected["scale"].get<double>());
    EXPECT_EQ(scaler_.growth_tracker(), expected["growth_tracker"].get<std::uint64_t>());
  }

  const Json& golden_;
  GradScaler scaler_;
};

TEST(golden, ScalerCallsChangeTheScaleAsInPyTorch) {
  int replayed = 0, quirks = 0;
  for (const auto& golden : testing::golden_file("scaler.json")) {
    SCOPED_TRACE(golden["name"].get<std::string>());
    if (is_quirk(golden)) {
      // >= where PyTorch has ==: see the class.
      std::cout << "left on purpose: " << golden["name"].get<std::string>() << "\n";
      ++quirks;
      continue;
    }
    ScalerReplay(golden).run();
    ++replayed;
  }
  std::cout << replayed << " sequences replayed, " << quirks << " left on purpose\n";
  EXPECT_GT(replayed, 0);
}

double number_of(const Json& value) {
  if (value.is_number()) return value;
  const auto text = value.get<std::string>();
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  return text == "inf" ? HUGE_VAL : -HUGE_VAL;
}

at::Tensor tensor_of(const Json& values, at::ScalarType type) {
  std::vector<double> numbers;
  for (const auto& value : values) numbers.push_back(number_of(value));
  return at::tensor(numbers, at::kDouble).to(type);
}

TEST(golden, UnscalingGivesPyTorchsValues) {
  int replayed = 0;
  for (const auto& golden : testing::golden_file("unscale.json")) {
    SCOPED_TRACE(golden["name"].get<std::string>());
    const auto& dtype = golden["dtype"].get_ref<const std::string&>();
    const auto type = dtype == "float64" ? at::kDouble : dtype == "bfloat16" ? at::kBFloat16 : at::kFloat;
    GradScaler scaler(testing::scaling(golden["scale"], 2.0, 0.5, 2000));
    scaler.scale(at::tensor({1.0f}));
    std::vector<at::Tensor> gradients{tensor_of(golden["grads"], type)};
    const auto found = scaler.unscale(gradients);
    EXPECT_EQ(found.item<float>() != 0, golden["found_inf"].get<bool>());
    const auto unscaled = gradients[0].to(at::kDouble);
    for (std::int64_t i = 0; i < unscaled.numel(); ++i) {
      const double expected = number_of(golden["unscaled"][static_cast<std::size_t>(i)]);
      const double value = unscaled[i].item<double>();
      EXPECT_TRUE(value == expected || (std::isnan(value) && std::isnan(expected))) << value << " for " << expected;
    }
    ++replayed;
  }
  EXPECT_GT(replayed, 0);
}

// Carries out one recorded call. `_a`: an optimizer with gradients, `_e`: one without, `_h`: one with fp16 gradients.
class ErrorReplay {
 public:
  void call(const std::string& name) {
    if (name == "scale") {
      scaler_.scale(at::tensor({1.0f}));
    } else if (name == "update") {
      scaler_.update();
    } else if (name == "update_new_scale") {
      scaler_.update(2.0);
    } else if (name == "load_empty") {
      scaler_.load_state(std::nullopt);
    } else if (name.starts_with("construct_")) {
      construct(name.substr(10));
    } else if (name.starts_with("unscale_")) {
      unscale(name.back());
    } else if (name.starts_with("step_")) {
      // PyTorch's step() unscales where that was not done.
      if (unscaled_.count(name.back()) == 0 && stepped_.count(name.back()) == 0) unscale(name.back());
      scaler_.step(false, number(name.back()));
      stepped_.insert(name.back());
    } else {
      FAIL() << "the goldens have a call that this test does not know: " << name;
    }
    if (name.starts_with("update")) {
      unscaled_.clear();
      stepped_.clear();
    }
  }

 private:
  static std::size_t number(char optimizer) { return static_cast<std::size_t>(optimizer - 'a'); }

  void unscale(char optimizer) {
    std::vector<at::Tensor> gradients;
    if (optimizer != 'e') gradients.push_back(at::tensor({1.0f}).to(optimizer == 'h' ? at::kHalf : at::kFloat));
    scaler_.unscale(gradients, number(optimizer));
    unscaled_.insert(optimizer);
  }

  static void construct(const std::string& what) {
    auto policy = testing::scaling(65536.0, 2.0, 0.5, 2000);
    if (what == "growth_factor_1") policy.growth_factor = 1;
    if (what == "backoff_factor_1") policy.backoff_factor = 1;
    if (what == "backoff_factor_0") policy.backoff_factor = 0;
    if (what == "growth_interval_0") policy.growth_interval = 0;
    if (what == "init_scale_0") policy.init_scale = 0;
    if (what == "init_scale_negative") policy.init_scale = -1;
    const GradScaler scaler(policy);
  }

  GradScaler scaler_{testing::scaling(65536.0, 2.0, 0.5, 2000)};
  std::set<char> unscaled_, stepped_;
};

TEST(golden, ScalerCallsOutOfOrderFailWhereTheyFailInPyTorch) {
  int replayed = 0;
  for (const auto& golden : testing::golden_file("scaler_errors.json")) {
    const auto calls = golden["calls"].get<std::vector<std::string>>();
    SCOPED_TRACE(golden["calls"].dump());
    if (calls.back() == "step_closure_a") {
      std::cout << "has no counterpart: step() takes no closure\n";
      continue;
    }
    const int expected = golden["error"].is_null() ? -1 : golden["error"]["at"].get<int>();
    ErrorReplay replay;
    int failed_at = -1;
    for (std::size_t i = 0; i < calls.size() && failed_at < 0; ++i) {
      try {
        replay.call(calls[i]);
      } catch (const std::logic_error&) {  // std::invalid_argument is one, too
        failed_at = static_cast<int>(i);
      }
    }
    EXPECT_EQ(failed_at, expected);
    ++replayed;
  }
  EXPECT_GT(replayed, 0);
}

}  // namespace
}  // namespace binade::host
