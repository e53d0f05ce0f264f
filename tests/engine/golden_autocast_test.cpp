// Replays what dtype each operation gave under PyTorch's CPU autocast, and which errors it raised.
#include <ATen/Context.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/ones.h>
#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include "binade/autocast.h"
#include "host/engine/amp/precision_overrides.h"
#include "host/engine/device/device.h"
#include "tests/engine/golden_autocast_ops.h"
#include "tests/engine/goldens.h"
#include "tests/engine/in_memory_plugins.h"

namespace binade::host {
namespace {

using testing::Json;

const std::map<std::string, at::ScalarType>& types() {
  static const std::map<std::string, at::ScalarType> all{{"float32", at::kFloat},     {"float64", at::kDouble},
                                                         {"bfloat16", at::kBFloat16}, {"float16", at::kHalf},
                                                         {"int64", at::kLong},        {"bool", at::kBool}};
  return all;
}

std::string word(at::ScalarType type) {
  for (const auto& [name, known] : types()) {
    if (known == type) return name;
  }
  return at::toString(type);
}

// Python has its own names for two types in messages.
std::string in_cpp(std::string message) {
  for (const auto& [python, cpp] :
       {std::pair("torch.FloatTensor", "CPUFloatType"), {"torch.HalfTensor", "CPUHalfType"}}) {
    const auto at = message.find(python);
    if (at != std::string::npos) message.replace(at, std::string_view(python).size(), cpp);
  }
  return message;
}

// The dtype's word, or "error: " with what LibTorch said.
template <class Body>
std::string outcome(Body body) {
  try {
    return word(body().scalar_type());
  } catch (const c10::Error& error) {
    return std::string("error: ") + error.what_without_backtrace();
  }
}

class AutocastReplay {
 public:
  int dtypes = 0, errors = 0, errors_by_kernel = 0;

  void row(const Json& golden) {
    const auto name = golden["op"].get<std::string>();
    SCOPED_TRACE(name);
    if (golden.contains("as_written")) return expression(name, golden);
    const auto& known = testing::operations_on_input();
    const auto found = known.find(name);
    ASSERT_TRUE(found != known.end()) << "this test cannot build `" << name << "`";
    for (const auto& [low_word, expected] : golden["float32_input"].items()) {
      SCOPED_TRACE("autocast to " + low_word + ", input float32");
      compare(name, expected, under_autocast(low_word, [&] { return found->second(at::kFloat); }));
    }
    for (const auto& [low_word, expected] : golden["low_input"].items()) {
      SCOPED_TRACE("autocast to " + low_word + ", input " + low_word);
      const auto low = types().at(low_word);
      compare(name, expected, under_autocast(low_word, [&, low] { return found->second(low); }));
    }
    for (const auto& [low_word, expected] : golden["low_input_no_autocast"].items()) {
      SCOPED_TRACE("no autocast, input " + low_word);
      const auto low = types().at(low_word);
      compare(name, expected, outcome([&, low] { return found->second(low); }));
    }
  }

 private:
  void expression(const std::string& name, const Json& golden) {
    const auto& known = testing::expressions();
    const auto found = known.find(name);
    ASSERT_TRUE(found != known.end()) << "this test cannot build `" << name << "`";
    for (const auto& [low_word, expected] : golden["as_written"].items()) {
      SCOPED_TRACE("autocast to " + low_word);
      compare(name, expected, under_autocast(low_word, found->second));
    }
    SCOPED_TRACE("no autocast");
    compare(name, golden["no_autocast"], outcome(found->second));
  }

  template <class Body>
  static std::string under_autocast(const std::string& low_word, Body body) {
    return outcome([&] {
      const Autocast autocast(at::kCPU, types().at(low_word));
      return body();
    });
  }

  // The recorder cut errors short.
  void compare(const std::string& op, const std::string& recorded, const std::string& got) {
    const auto expected = in_cpp(recorded);
    if (!expected.starts_with("error: ")) {
      EXPECT_EQ(got, expected);
      ++dtypes;
    } else if (testing::is_refused_by_the_cpus_kernel(op)) {
      EXPECT_EQ(testing::refused_types(got), testing::refused_types(expected)) << "got      " << got;
      ++errors_by_kernel;
    } else {
      EXPECT_EQ(got.substr(0, expected.size()), expected);
      ++errors;
    }
  }
};

AutocastReplay replay() {
  AutocastReplay replay;
  int rows = 0;
  set_up_process(1337, 0);
  for (const auto& golden : testing::golden_file("autocast_ops_cpu.json")) {
    replay.row(golden);
    ++rows;
  }
  std::cout << rows << " rows: " << replay.dtypes << " dtypes, " << replay.errors << " errors by their words and "
            << replay.errors_by_kernel << " by the types that they name, for the CPU chooses the kernel\n";
  EXPECT_GT(rows, 0);
  return replay;
}

TEST(golden, AutocastGivesPyTorchsDtypesAndErrors) { replay(); }

// As on a CPU for whose instructions oneDNN has no kernel of a low dtype.
TEST(golden, AutocastIsTheSameWithoutOneDnn) {
  auto& context = at::globalContext();
  const bool before = context.userEnabledMkldnn();
  context.setUserEnabledMkldnn(false);
  replay();
  context.setUserEnabledMkldnn(before);
}

TEST(RefusedTypes, AreThoseThatAnErrorNamesInAnySpelling) {
  using Types = std::set<std::string>;
  EXPECT_EQ(testing::refused_types("error: expected scalar type BFloat16 but found Float"),
            (Types{"bfloat16", "float32"}));
  EXPECT_EQ(testing::refused_types("error: Input type (CPUBFloat16Type) and weight type (CPUFloatType) should be"),
            (Types{"bfloat16", "float32"}));
  EXPECT_EQ(testing::refused_types("error: Input type (c10::Half) and bias type (float) should be the same"),
            (Types{"float16", "float32"}));
  EXPECT_EQ(testing::refused_types("error: Unexpected floating ScalarType in at::autocast::prioritize"), Types{});
  EXPECT_EQ(testing::refused_types("float32"), (Types{"not an error"}));
}

// Operations that no override concerns must work as before, although another kernel runs before each.
TEST(golden, AutocastIsTheSameBesideOverridesOfOtherParameters) {
  testing::TensorModel::parameters = {{"weight", at::ones({3, 3})}};
  const Model model(testing::TensorModel::plugin(), OptionTable{}, {"x"}, c10::Device(c10::kCPU));
  PrecisionOverrides overrides(model, {{PrecisionRule::Kind::parameters, "weight", BINADE_FLOAT16}});
  overrides.install(at::kCPU);
  replay();
  EXPECT_EQ(overrides.unused().size(), 1u);
  testing::TensorModel::parameters.clear();
}

}  // namespace
}  // namespace binade::host
