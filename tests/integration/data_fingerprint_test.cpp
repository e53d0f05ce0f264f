// A resumed run looks at its data: it is exact only where these are the same, and says what changed where they are not.
#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>
#include <functional>

#include "host/base/sha256.h"
#include "tests/integration/interrupted_runs.h"

namespace binade::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

void overwrite(const std::filesystem::path& path, std::uint64_t at, const std::string& bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(at));
  file << bytes;
}

std::string replaced(std::string text, const std::string& old_text, const std::string& new_text) {
  return text.replace(text.find(old_text), old_text.size(), new_text);
}

std::string all_replaced(std::string text, const std::string& old_text, const std::string& new_text) {
  for (std::size_t at = 0; (at = text.find(old_text, at)) != std::string::npos; at += new_text.size()) {
    text.replace(at, old_text.size(), new_text);
  }
  return text;
}

std::string rotated(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>('a' + (c - 'a' + 1) % 26);
  }
  return text;
}

// 16-bit tokens below 50.
std::string tokens(int count, int factor) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes += {static_cast<char>(i * factor % 50), '\0'};
  return bytes;
}

// Ten images of 32 x 32 in the binary format of CIFAR-10.
std::string images(int factor) {
  std::string bytes;
  for (int image = 0; image < 10; ++image) {
    bytes += static_cast<char>(image);
    for (int i = 0; i < 3072; ++i) bytes += static_cast<char>((i + image) * factor % 251);
  }
  return bytes;
}

constexpr const char* gpt = "model={plugin=\"gpt\", layers=1, heads=1, width=8}";

struct Case {
  const char* name;
  std::vector<std::string> settings;
  std::function<void(const TemporaryFolder&)> write, change;
  const char* split;  // what is said to have changed
  const char* file;   // which file
};

void PrintTo(const Case& of, std::ostream* out) { *out << of.name; }

class ChangedData : public InterruptedRuns, public ::testing::WithParamInterface<Case> {};

TEST_P(ChangedData, IsNoticedAtTheNextResumeAndIsTheDataFromThenOn) {
  const auto& [name, settings, write, change, split, file] = GetParam();
  write(workspace_);
  auto ran = run("changed", settings, {"--stop-after", "3"});
  ASSERT_EQ(ran.outcome.exit_code, 0) << ran.outcome.err;
  ran = resume(ran.directory, {"--stop-after", "1"});
  EXPECT_THAT(ran.outcome.err, HasSubstr("resumed at step 3: exact\n"));

  change(workspace_);
  ran = resume(ran.directory, {"--stop-after", "1"});
  EXPECT_EQ(ran.outcome.exit_code, 0) << ran.outcome.err;
  EXPECT_THAT(ran.outcome.err, HasSubstr(std::string("resumed at step 4: approximate, because the data of ") + split));
  EXPECT_THAT(ran.outcome.err, HasSubstr("(`" + (workspace_.path() / file).string() + "`)")) << "and no other file";
  EXPECT_EQ(ran.summary()["resume_differences"].size(), 1u);

  ran = resume(ran.directory, {"--stop-after", "1"});
  EXPECT_THAT(ran.outcome.err, HasSubstr("resumed at step 5: exact\n"));
}

const Case cases[] = {
    {"OneCell",
     {"dataset.standardize=false"},
     [](const TemporaryFolder&) {},
     [](const TemporaryFolder& to) {
       to.write("points.csv", replaced(contents(to.path() / "points.csv"), "-13,5,below", "-13,6,below"));
     },
     "",
     "points.csv"},  // of which split, is the host's choice
    {"AllLabelsSwapped",
     {},
     [](const TemporaryFolder&) {},
     [](const TemporaryFolder& to) {
       const auto text = contents(to.path() / "points.csv");
       to.write("points.csv",
                all_replaced(all_replaced(all_replaced(text, "above", "#"), "below", "above"), "#", "below"));
     },
     "`train` changed, and that of `validation` (",
     "points.csv"},
    {"ARotatedText",
     {gpt, "dataset={plugin=\"text\", paths=[\"words\"], sequence_length=16}"},
     [](const TemporaryFolder& to) {
       std::filesystem::create_directory(to.path() / "words");
       std::string text;
       for (int i = 0; i < 400; ++i) text += "word " + std::to_string(i * 37 % 101) + " follows\n";
       to.write("words/a.txt", text);
       to.write("words/b.txt", "and more of them, which nobody touches, in a file of its own\n");
     },
     [](const TemporaryFolder& to) { to.write("words/a.txt", rotated(contents(to.path() / "words/a.txt"))); },
     "`train` changed, and that of `validation` (",
     "words/a.txt"},
    {"OverwrittenTokens",
     {gpt, "dataset={plugin=\"tokens\", paths=[\"t.bin\"], validation_paths=[\"v.bin\"], sequence_length=16}"},
     [](const TemporaryFolder& to) {
       to.write("t.bin", tokens(2000, 7));
       to.write("v.bin", tokens(500, 11));
     },
     [](const TemporaryFolder& to) { overwrite(to.path() / "t.bin", 1000, tokens(1, 7) + tokens(3, 9)); },
     "`train` changed (",
     "t.bin"},
    {"OverwrittenTokensToValidateOn",
     {gpt, "dataset={plugin=\"tokens\", paths=[\"t.bin\"], validation_paths=[\"v.bin\"], sequence_length=16}"},
     [](const TemporaryFolder& to) {
       to.write("t.bin", tokens(2000, 7));
       to.write("v.bin", tokens(500, 11));
     },
     [](const TemporaryFolder& to) { overwrite(to.path() / "v.bin", 200, tokens(4, 9)); },
     "`validation` changed (",
     "v.bin"},
    {"ReplacedImages",
     {"model={plugin=\"cnn\"}",
      "dataset={plugin=\"images\", format=\"cifar10\", paths=[\"images/*.bin\"], validation_paths=[\"test.bin\"], "
      "flip=true, crop_padding=4}"},
     [](const TemporaryFolder& to) {
       std::filesystem::create_directory(to.path() / "images");
       to.write("images/a.bin", images(3));
       to.write("images/b.bin", images(5));
       to.write("test.bin", images(11));
     },
     [](const TemporaryFolder& to) { to.write("images/b.bin", images(7)); },
     "`train` changed (",
     "images/b.bin"}};

INSTANTIATE_TEST_SUITE_P(Cases, ChangedData, ::testing::ValuesIn(cases),
                         [](const auto& info) { return std::string(info.param.name); });

std::string sha256_of(const std::string& text) {
  host::Sha256 hash;
  hash.update(text.data(), text.size());
  return hash.hex();
}

// With the manifest that such a file would have.
void write_state(const std::filesystem::path& checkpoint, const std::string& text) {
  using nlohmann::ordered_json;
  auto manifest = ordered_json::parse(contents(checkpoint / "manifest.json"));
  manifest["files"]["state.json"] = {{"bytes", text.size()}, {"sha256", sha256_of(text)}};
  manifest.erase("sha256");
  manifest["sha256"] = sha256_of(manifest.dump());
  std::ofstream(checkpoint / "state.json") << text;
  std::ofstream(checkpoint / "manifest.json") << manifest.dump(2) << "\n";
}

class DataOfARun : public InterruptedRuns {
 protected:
  // 20000 rows, of which fewer are read for their hash; `changed` of them are others than at first.
  void write_many_rows(int changed = 0) {
    constexpr int first = 9000;
    std::string text = "x,y,side\n";
    for (int row = 0; row < 20000; ++row) {
      const int y = row % 7 + (row >= first && row < first + changed ? 100 : 0);
      text += std::to_string(row % 101) + "," + std::to_string(y) + (row % 2 == 0 ? ",a\n" : ",b\n");
    }
    workspace_.write("points.csv", text);
  }
  // Changes one row after the other until one of them is not among those that are read; the words of that resume.
  std::string resumed_after_a_change_elsewhere(const std::filesystem::path& directory, const std::string& words) {
    std::string err;
    for (int changed = 1; changed <= 10 && err.find(words) == std::string::npos; ++changed) {
      write_many_rows(changed);
      err = resume(directory, {"--stop-after", "1"}).outcome.err;
    }
    return err;
  }
};

TEST_F(DataOfARun, IsNoticedToHaveChangedInAnyOfManyRows) {
  write_many_rows();
  const auto first = run("many", {"dataset.standardize=false"}, {"--stop-after", "3"});
  EXPECT_THAT(resumed_after_a_change_elsewhere(first.directory, "but not in the samples"),
              AllOf(HasSubstr(": approximate, because the data changed (`"),
                    HasSubstr("points.csv`), but not in the samples that were compared: 4096 of ")));
}

TEST_F(DataOfARun, IsComparedBySamplesAloneWhereItsFilesAreLeftOut) {
  write_many_rows();
  const auto first =
      run("many", {"dataset.standardize=false", "experiment.fingerprint=samples"}, {"--stop-after", "3"});
  EXPECT_EQ(json::parse(contents(first.directory / "data.json"))["files"], "not hashed");
  EXPECT_THAT(resumed_after_a_change_elsewhere(first.directory, "as far as"),
              HasSubstr(": exact, as far as 4096 of 16000 samples of `train` and 4000 of 4000 samples of "));
  workspace_.write("points.csv", all_replaced(contents(workspace_.path() / "points.csv"), ",a\n", ",c\n"));
  const auto third = resume(first.directory);
  EXPECT_THAT(third.outcome.err, HasSubstr(": approximate, because the data of `train` changed"));
}

TEST_F(DataOfARun, StandsInItsRecordsAndItsCheckpoints) {
  const auto ran = run("records", {}, {"--stop-after", "3"});
  const auto data = json::parse(contents(ran.directory / "data.json"));
  const auto file = (workspace_.path() / "points.csv").string();
  EXPECT_EQ(data["split.train"], "160 samples");
  EXPECT_EQ(data["split.validation"], "40 samples");
  EXPECT_THAT(data["split.train.160"].get<std::string>(), HasSubstr("sha256 "));
  EXPECT_THAT(data["file." + file].get<std::string>(), HasSubstr(" bytes, sha256 "));
  auto summary = data;
  summary.erase("file." + file);
  EXPECT_EQ(ran.summary()["data"], summary);
  const auto made_by = json::parse(contents(ran.directory / "checkpoints/step-00000003/state.json"))["made_by"];
  for (const auto& [key, value] : data.items()) EXPECT_EQ(made_by["data." + key], value) << key;
}

TEST_F(DataOfARun, IsTheSameForMadeUpSamplesWithTheSameOptions) {
  const auto first = run("synthetic", {"dataset={plugin=\"synthetic\", samples=100}"}, {"--stop-after", "3"});
  EXPECT_THAT(resume(first.directory, {"--stop-after", "1"}).outcome.err, HasSubstr("resumed at step 3: exact\n"));
  const auto second = resume(first.directory, {"--set", "dataset.seed=1"});
  EXPECT_THAT(second.outcome.err, AllOf(HasSubstr("because the data of `train` changed, and that of `validation`; "),
                                        HasSubstr("dataset.seed was 0 and is 1")));
}

TEST_F(DataOfARun, IsNotKnownOfACheckpointThatDoesNotSayIt) {
  const auto first = run("old", {}, {"--stop-after", "3"});
  const auto folder = first.directory / "checkpoints/step-00000003";
  auto state = json::parse(contents(folder / "state.json"));
  std::vector<std::string> keys;
  for (const auto& [key, value] : state["made_by"].items()) {
    if (key.starts_with("data.")) keys.push_back(key);
  }
  EXPECT_FALSE(keys.empty());
  for (const auto& key : keys) state["made_by"].erase(key);
  state["made_by"].erase("option.experiment.fingerprint");  // which older ones did not know either
  write_state(folder, state.dump());
  const auto second = resume(first.directory);
  EXPECT_THAT(second.outcome.err,
              HasSubstr("approximate, because the checkpoint does not say what data it was trained on\n"));
  EXPECT_EQ(second.outcome.exit_code, 0);
}

// A dataset that gives other samples in each process.
TEST_F(DataOfARun, IsComparedWhereRunsAre) {
  const std::string unsteady = "dataset={plugin=\"unsteady\"}";
  const auto first = run("unsteady", {unsteady}, {"--stop-after", "3"});
  EXPECT_THAT(resume(first.directory).outcome.err, HasSubstr("approximate, because the data of `train` changed\n"));

  const auto verified = binade({"verify-resume", "points.toml", "--steps", "3", "--set", unsteady}, workspace_);
  EXPECT_EQ(verified.exit_code, 1) << verified.err;
  EXPECT_THAT(verified.out,
              AllOf(HasSubstr("data             DIFFER"), HasSubstr("help: the data of `train` changed")));

  const auto bench = binade({"bench", "points.toml", "--precision", "fp32,bf16", "--repeats", "2", "--steps", "10",
                             "--set", unsteady, "--set", "metrics.enabled=false"},
                            workspace_);
  EXPECT_NE(bench.exit_code, 0);
  EXPECT_THAT(bench.err, HasSubstr("cannot be compared: with seed 1337 they read different data: the data of `train` "
                                   "changed"));
}

TEST_F(DataOfARun, DoesNotHoldUpASignalWhileItIsHashed) {
  const auto file = workspace_.write("large", "");
  std::filesystem::resize_file(file, std::uint64_t{1} << 40);  // some ten minutes of zeros
  Process process(binade_command(run_command("large", {"dataset={plugin=\"unsteady\", beside=\"large\"}"})), workspace_,
                  with_fixtures());
  ASSERT_TRUE(process.wait_until([&] {
    return process.err().find("hashing the dataset's files: ") != std::string::npos;
  })) << process.err();
  process.send(SIGTERM);
  EXPECT_THAT(process.wait().exit_code, ::testing::AnyOf(75, 143)) << process.err();
}

}  // namespace
}  // namespace binade::testing
