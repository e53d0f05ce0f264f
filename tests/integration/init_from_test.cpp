// [model] init_from: runs that start with the weights of other runs.
#include <gmock/gmock.h>

#include <fstream>
#include <limits>

#include "tests/integration/interrupted_runs.h"

namespace binade::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class InitFrom : public InterruptedRuns {
 protected:
  Ran from(const std::string& name, const std::filesystem::path& path, std::vector<std::string> settings = {}) {
    settings.push_back("model.init_from=\"" + path.string() + "\"");
    return run(name, settings);
  }
  static std::string initial(const Ran& ran) { return ran.summary()["initial_parameters_sha256"]; }

  // With checkpoints of the steps 20 and 30.
  Ran source_ = resume(run("source", {"checkpoint.every_steps=0"}, {"--stop-after", "20"}).directory);
};

TEST_F(InitFrom, TakesARunACheckpointAndAFile) {
  const auto of_run = from("of-run", source_.directory);
  EXPECT_EQ(of_run.outcome.exit_code, 0) << of_run.outcome.err;
  EXPECT_THAT(of_run.outcome.err, HasSubstr("checkpoints/step-00000030: 6 of 6 tensors"));
  EXPECT_EQ(initial(of_run), source_.summary()["parameters_sha256"]);
  EXPECT_EQ(initial(from("of-file", source_.directory / "weights.safetensors")), initial(of_run));
  const auto of_checkpoint = from("of-checkpoint", source_.directory / "checkpoints/step-00000020");
  EXPECT_THAT(of_checkpoint.outcome.err, HasSubstr("step-00000020: 6 of 6 tensors"));
  EXPECT_NE(initial(of_checkpoint), initial(of_run));
  std::filesystem::remove_all(source_.directory / "checkpoints");
  EXPECT_EQ(initial(from("of-run-without", source_.directory)), initial(of_run));
}

TEST_F(InitFrom, ListsWhatDoesNotFitAndTakesTheRestWhenTold) {
  const std::vector<std::string> another{"model.layers=3", "model.units=64"};
  const auto refused = from("refused", source_.directory / "weights.safetensors", another);
  EXPECT_EQ(refused.outcome.exit_code, 4);
  EXPECT_THAT(refused.outcome.err,
              AllOf(HasSubstr("missing there: hidden.2.weight, hidden.2.bias"),
                    HasSubstr("hidden.0.weight (Float of [128, 2], the model's Float of [64, 2])"),
                    HasSubstr("`init_strict = false` under [model] takes the 1 of 8 tensors that fit")));
  const auto partial =
      from("partial", source_.directory / "weights.safetensors", {"model.layers=1", "model.init_strict=false"});
  EXPECT_EQ(partial.outcome.exit_code, 0) << partial.outcome.err;
  EXPECT_THAT(partial.outcome.err, AllOf(HasSubstr("4 of 4 tensors"),
                                         HasSubstr("not taken; unknown to the model: hidden.1.weight, hidden.1.bias")));
  const std::string header = R"({"other":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  const auto file = workspace_.write(
      "other.safetensors", std::string(1, static_cast<char>(header.size())) + std::string(7, 0) + header + "1234");
  const auto nothing = from("nothing", file, {"model.init_strict=false"});
  EXPECT_EQ(nothing.outcome.exit_code, 4);
  EXPECT_THAT(nothing.outcome.err, HasSubstr("has no tensor of this model"));
}

// A file of one tensor of the model.
std::string one_tensor(const std::string& dtype, const std::string& data) {
  auto header = R"({"output.bias":{"dtype":")" + dtype + R"(","shape":[2],"data_offsets":[0,)" +
                std::to_string(data.size()) + "]}}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  return std::string(1, static_cast<char>(header.size())) + std::string(7, 0) + header + data;
}

template <class Number>
std::string bytes_of(Number first, Number second) {
  const Number both[]{first, second};
  return {reinterpret_cast<const char*>(both), sizeof(both)};
}

TEST_F(InitFrom, RefusesValuesThatNoTrainingCanBeginWithAndNamesTheTensor) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  const struct {
    std::string file, words;
  } wrong[] = {
      {one_tensor("F32", bytes_of(nan, 1.0F)), "output.bias (NaN or infinite in 1 of 2 values)"},
      {one_tensor("F32", bytes_of(1 / 0.0F, -1 / 0.0F)), "output.bias (NaN or infinite in 2 of 2 values)"},
      {one_tensor("F64", bytes_of(1.0, 1e300)), "output.bias (1 of 2 values are beyond the model's Float)"},
  };
  for (const auto& [bytes, words] : wrong) {
    const auto file = workspace_.write("wrong.safetensors", bytes);
    const auto ran = from("wrong", file, {"model.init_strict=false"});
    EXPECT_EQ(ran.outcome.exit_code, 4) << ran.outcome.err;
    EXPECT_THAT(ran.outcome.err, HasSubstr("with values that a model cannot start from: " + words));
    std::filesystem::remove_all(ran.directory);
  }
  const auto good = workspace_.write("good.safetensors", one_tensor("F64", bytes_of(1.0, 1e30)));
  const auto ran = from("good", good, {"model.init_strict=false"});
  EXPECT_EQ(ran.outcome.exit_code, 0) << ran.outcome.err;
  EXPECT_THAT(ran.outcome.err, HasSubstr("1 of 6 tensors"));
}

TEST_F(InitFrom, RefusesAPickleAndSaysWhatToDo) {
  for (const char* start : {"PK\x03\x04", "\x80\x02"}) {
    const auto file = workspace_.write("weights.pt", std::string(start) + "anything");
    const auto ran = from("pickle", file);
    EXPECT_EQ(ran.outcome.exit_code, 4);
    EXPECT_THAT(ran.outcome.err,
                AllOf(HasSubstr("weights.pt is a file of torch.save()"), HasSubstr("may run any program"),
                      HasSubstr("save_file"), HasSubstr("weights.safetensors")));
    std::filesystem::remove_all(ran.directory);
  }
}

TEST_F(InitFrom, SaysWhatIsWrongWithAPath) {
  const auto words_of = [this](const std::filesystem::path& path) {
    const auto ran = from("wrong", path);
    EXPECT_EQ(ran.outcome.exit_code, 4) << path;
    std::filesystem::remove_all(ran.directory);
    return ran.outcome.err;
  };
  EXPECT_THAT(words_of("nowhere"), HasSubstr("nowhere does not exist"));
  EXPECT_THAT(words_of(workspace_.path()), HasSubstr("neither a run's directory nor a checkpoint's"));
  const auto checkpoint = source_.directory / "checkpoints/step-00000030";
  std::ofstream(checkpoint / "model.safetensors", std::ios::app) << "x";
  EXPECT_THAT(words_of(checkpoint), HasSubstr("model.safetensors"));
  EXPECT_THAT(words_of(workspace_.write("half.safetensors", "12")), HasSubstr("half.safetensors"));
}

TEST_F(InitFrom, IsOfTheFirstStepOnly) {
  const auto weights = source_.directory / "weights.safetensors";
  const std::vector<std::string> settings{"model.init_from=\"" + weights.string() + "\""};
  const auto straight = run("straight", settings);
  const auto first = run("parts", settings, {"--stop-after", "13"});
  std::filesystem::remove(weights);
  const auto second = resume(first.directory);
  EXPECT_THAT(second.outcome.err, AllOf(HasSubstr("exact"), Not(HasSubstr("begins with"))));
  EXPECT_EQ(second.summary()["parameters_sha256"], straight.summary()["parameters_sha256"]);
}

}  // namespace
}  // namespace binade::testing
