// `binade plugins validate`: what comes with Binade passes, and a plugin with one fault fails exactly the check for it.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <sstream>

#include "tests/integration/process.h"

namespace binade::testing {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

const std::string wrong = std::string(BINADE_FIXTURE_DIR) + "/wrong/";

Outcome validate(const std::string& file, const TemporaryFolder& workspace, const Names& more = {}) {
  Names arguments{"plugins", "validate", file};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const auto temporary = workspace.path() / "temporary";
  std::filesystem::create_directory(temporary);
  auto outcome = binade(arguments, workspace, {{"TMPDIR", temporary.string()}});
  EXPECT_TRUE(std::filesystem::is_empty(temporary)) << "whatever the plugin did";
  return outcome;
}

Names failed_checks(const Outcome& outcome) {
  Names failed;
  const auto results = json::parse(outcome.out);
  for (const auto& check : results["checks"]) {
    if (!check["passed"].get<bool>()) failed.push_back(check["name"]);
  }
  EXPECT_GE(results["checks"].size(), 1u);
  EXPECT_EQ(outcome.exit_code, failed.empty() ? 0 : 1);
  return failed;
}

struct Fault {
  std::string file, check;  // several checks have commas between them
  std::string of_model{};   // chosen by its option
};
void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.file << " " << fault.of_model; }

std::string name_of(const ::testing::TestParamInfo<Fault>& info) {
  auto name = info.param.file.substr(info.param.file.rfind('/') + 1) + info.param.of_model;
  std::erase(name, '_');
  return name;
}

class WrongPlugin : public ::testing::TestWithParam<Fault> {};

TEST_P(WrongPlugin, FailsExactlyTheCheckForItsFault) {
  TemporaryFolder workspace;
  Names arguments{"--json", "--seed", "1", "--limit", "5"};
  if (!GetParam().of_model.empty()) arguments.insert(arguments.end(), {"--set", "fault='" + GetParam().of_model + "'"});
  const auto outcome = validate(wrong + GetParam().file + ".so", workspace, arguments);
  Names expected;
  std::stringstream checks(GetParam().check);
  for (std::string check; std::getline(checks, check, ',');) expected.push_back(check);
  EXPECT_EQ(failed_checks(outcome), expected) << outcome.out << outcome.err;
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongPlugin,
    ::testing::Values(
        Fault{"precision_none", ""}, Fault{"precision_exports_more", "one_symbol"},
        Fault{"precision_needs_more", "dependencies"}, Fault{"../symbol_of_other_kind", "loads"},
        Fault{"precision_create_destroy", "create_destroy"}, Fault{"precision_option_limits", "option_limits"},
        Fault{"precision_failing_callbacks", "failing_callbacks"}, Fault{"precision_exceptions", "exceptions"},
        Fault{"precision_policy_", "policy"}, Fault{"precision_determinism", "determinism"},
        Fault{"precision_state_round_trip", "state_round_trip"}, Fault{"precision_strange_state", "strange_state"},
        Fault{"precision_older_hosts", "older_hosts"}, Fault{"precision_failing_services", "failing_services"},
        Fault{"precision_leaks", "leaks"}, Fault{"dataset_none", ""}, Fault{"dataset_describe_", "describe"},
        Fault{"dataset_determinism", "determinism"}, Fault{"dataset_strides", "strides"},
        Fault{"dataset_bounds", "bounds,samples"}, Fault{"dataset_zero_samples", "zero_samples"},
        Fault{"dataset_hangs", "zero_samples"}, Fault{"dataset_threads", "threads"}, Fault{"dataset_leaks", "leaks"},
        Fault{"dataset_last_sample", "samples"}, Fault{"dataset_second_epoch", "samples"},
        Fault{"dataset_nans", "samples"}, Fault{"dataset_labels", "samples"}, Fault{"dataset_doubles", "samples"},
        Fault{"../unseeded", "determinism"}, Fault{"logger_none", ""}, Fault{"logger_events", "events"},
        Fault{"logger_unknown_events", "unknown_events"}, Fault{"logger_extreme_numbers", "extreme_numbers"},
        Fault{"logger_resumed", "resumed"}, Fault{"logger_leaks", "leaks"},
        Fault{"precision_allocations", "allocations"}, Fault{"precision_allocations_die", "allocations"},
        Fault{"dataset_allocations", "allocations"}, Fault{"logger_allocations", "allocations"}),
    name_of);

std::vector<Fault> faults_of_models() {
  std::vector<Fault> faults{{"wrong_model", "", "none"},
                            {"wrong_model", "evaluation", "always_drops"},
                            {"wrong_model", "zero_samples", "hangs"},
                            {"wrong_model", "allocations", "allocations_die"},
                            {"wrong_model", "allocations", "allocations_in_loss"}};
  for (const std::string check :
       {"create_destroy", "option_limits", "failing_callbacks", "state_names", "forward", "backward", "determinism",
        "evaluation", "inputs", "input_count", "state_round_trip", "zero_samples", "strange_inputs", "allocations",
        "older_hosts", "failing_services", "leaks"}) {
    faults.push_back({"wrong_model", check, check});
  }
  return faults;
}
INSTANTIATE_TEST_SUITE_P(Models, WrongPlugin, ::testing::ValuesIn(faults_of_models()), name_of);

TEST(Validate, EveryPluginThatComesWithBinadePasses) {
  TemporaryFolder workspace;
  workspace.write("table.csv", points_csv(50));
  workspace.write("text.txt", std::string(2000, 'x') + "words");
  workspace.write("tokens.bin", std::string(4000, '\1'));
  const auto big_endian = [](unsigned char number) { return std::string(3, '\0') + static_cast<char>(number); };
  const auto head = std::string("\0\0\x08", 3);
  workspace.write("images.idx", head + '\3' + big_endian(6) + big_endian(4) + big_endian(4) + std::string(6 * 16, 'i'));
  workspace.write("labels.idx", head + '\1' + big_endian(6) + std::string("\0\1\2\0\1\2", 6));
  workspace.write("pictures.toml",
                  "[experiment]\nname = \"pictures\"\n[model]\nplugin = \"cnn\"\nwidth = 4\nstages = 2\nblocks = 1\n"
                  "[dataset]\nplugin = \"images\"\nformat = \"idx\"\nimages = \"images.idx\"\n"
                  "labels = \"labels.idx\"\n[precision]\nplugin = \"fp32\"\n[train]\nsteps = 1\n");
  const struct {
    std::string name;
    Names options, more{};
  } plugins[] = {{"fp32", {}},
                 {"fp16", {}},
                 {"bf16", {}},
                 {"fp16_headroom", {}},
                 {"console", {}},
                 {"csv_logger", {}},
                 {"tensorboard", {}},
                 {"synthetic", {}},
                 {"csv", {"path = 'table.csv'"}},
                 {"text", {"paths = ['text.txt']"}},
                 {"tokens", {"paths = ['tokens.bin']"}},
                 {"mlp", {}},
                 {"gpt", {"layers = 1", "width = 16", "dropout = 0.1"}},
                 {"cnn", {}, {"--experiment", "pictures.toml"}},
                 {"images", {"format = 'idx'", "images = 'images.idx'", "labels = 'labels.idx'"}}};
  for (const auto& [name, options, more] : plugins) {
    Names arguments{"--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    for (const auto& option : options) arguments.insert(arguments.end(), {"--set", option});
    const auto outcome = validate(std::string(BINADE_PLUGIN_DIR) + "/" + name + ".so", workspace, arguments);
    ASSERT_FALSE(outcome.out.empty()) << name << outcome.err;
    EXPECT_EQ(failed_checks(outcome), Names{}) << name << outcome.out;
  }
}

TEST(Validate, SaysWhatFailedAndHowToRepeatIt) {
  TemporaryFolder workspace;
  const auto outcome = validate(wrong + "dataset_hangs.so", workspace, {"--limit", "0.5", "--seed", "42"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.out.find("FAIL zero_samples"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("it did not end within 0.5 s"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("--seed 42"), std::string::npos) << outcome.out;
}

TEST(Validate, TellsAllMistakesInTheOptionsOfAModel) {
  TemporaryFolder workspace;
  const auto outcome =
      validate(std::string(BINADE_PLUGIN_DIR) + "/mlp.so", workspace, {"--set", "units=0", "--set", "layrs=1"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("model.units"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("layrs"), std::string::npos) << outcome.err;
}

TEST(Validate, TellsHowToNameADatasetThatSuitsTheModel) {
  TemporaryFolder workspace;
  const auto outcome = validate(std::string(BINADE_PLUGIN_DIR) + "/cnn.so", workspace);
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_NE(outcome.err.find("`--experiment FILE` names an experiment whose dataset suits the model"),
            std::string::npos)
      << outcome.err;
}

TEST(Validate, RefusesAModelForAnotherLibTorch) {
  TemporaryFolder workspace;
  auto bytes = contents(std::string(BINADE_PLUGIN_DIR) + "/mlp.so");
  const std::string here = "2.11.0", other = "2.10.9";
  bytes.replace(bytes.find(here), other.size(), other);
  const auto outcome = validate(workspace.write("other.so", bytes), workspace);
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_NE(outcome.err.find("E0306"), std::string::npos) << outcome.err;
}

TEST(Validate, AsksForOptionsThatThePluginRequires) {
  TemporaryFolder workspace;
  const auto outcome = validate(std::string(BINADE_PLUGIN_DIR) + "/csv.so", workspace);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("path"), std::string::npos) << outcome.err;
}

// `binade` becomes another program for this verb; from outside it is a verb like the others.
TEST(Validate, HasHelpAndCorrectionsLikeOtherVerbs) {
  TemporaryFolder workspace;
  const auto help = binade({"plugins", "validate", "--help"}, workspace);
  EXPECT_EQ(help.exit_code, 0);
  for (const auto* part : {"binade plugins validate", "--set", "--experiment", "--seed", "Examples:"}) {
    EXPECT_NE(help.out.find(part), std::string::npos) << part << help.out;
  }
  EXPECT_EQ(binade({"plugins", "--help", "validate"}, workspace).out, help.out);
  EXPECT_NE(binade({"plugins", "--help"}, workspace).out.find("validate"), std::string::npos);
  const auto nothing = binade({"plugins", "validate"}, workspace);
  EXPECT_EQ(nothing.exit_code, 2);
  EXPECT_EQ(nothing.err, "error: FILE is required\n\nsee `binade plugins validate --help`\n");
  const auto mistyped = binade({"plugins", "validate", "x.so", "--lmit", "3"}, workspace);
  EXPECT_EQ(mistyped.exit_code, 2);
  EXPECT_NE(mistyped.err.find("did you mean `--limit`?"), std::string::npos) << mistyped.err;
}

TEST(Validate, HearsOptionsBeforeTheVerb) {
  TemporaryFolder workspace;
  const auto outcome = binade({"--color", "always", "plugins", "validate", "nowhere.so"}, workspace);
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_NE(outcome.err.find("\033["), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("nowhere.so"), std::string::npos) << outcome.err;
}

TEST(Validate, EndsBySignalsAsOneProcess) {
  TemporaryFolder workspace;
  Process process(binade_command({"plugins", "validate", wrong + "dataset_hangs.so", "--limit", "600"}), workspace,
                  with_fixtures());
  ASSERT_TRUE(process.wait_for_output("ok   bounds")) << process.out() << process.err();
  process.send(SIGTERM);
  EXPECT_EQ(process.wait().exit_code, 128 + SIGTERM);
}

TEST(Validate, SaysWhichProgramIsMissing) {
  TemporaryFolder workspace;
  const auto copy = workspace.path() / "installed/bin/binade";
  std::filesystem::create_directories(copy.parent_path());
  std::filesystem::copy_file(BINADE_EXECUTABLE, copy);
  const auto outcome = Process({copy.string(), "plugins", "validate", "x.so"}, workspace).wait();
  EXPECT_EQ(outcome.exit_code, 1);
  const auto missing = (workspace.path() / "installed/libexec/binade/validate").string();
  EXPECT_NE(outcome.err.find(missing + " is missing: reinstall Binade, or build all of it"), std::string::npos)
      << outcome.err;
}

bool exports_operator_new(const std::string& program) {
  const TemporaryFolder workspace;
  const auto symbols = Process({BINADE_NM, "--dynamic", "--defined-only", program}, workspace).wait();
  EXPECT_EQ(symbols.exit_code, 0) << symbols.err;
  return contains(symbols.out, " _Znwm");
}

TEST(Validate, AloneReplacesOperatorNew) {
  EXPECT_FALSE(exports_operator_new(BINADE_EXECUTABLE));
  EXPECT_TRUE(exports_operator_new(BINADE_BUILD_DIR "/libexec/binade/validate"));
}

}  // namespace
}  // namespace binade::testing
