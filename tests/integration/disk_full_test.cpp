// Training where checkpoints cannot be written: it continues, what was saved stays, and the failure is reported once.
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <regex>
#include <system_error>

#include "tests/integration/process.h"
#include "tests/integration/scraping.h"

namespace binade::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The folder of all runs on a file system of its own. Its mounts end with the test process.
class SmallDisk {
 public:
  SmallDisk(const std::filesystem::path& mount_point, const char* size) : path_(mount_point) {
    std::filesystem::create_directories(path_);
    const bool done = unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                      ::mount("tmpfs", path_.c_str(), "tmpfs", 0, size) == 0;
    if (!done) refusal_ = "this machine forbids mounting: " + std::generic_category().message(errno);
  }
  ~SmallDisk() { umount2(path_.c_str(), MNT_DETACH); }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  const std::string& refusal() const { return refusal_; }
  // Takes what is left of it, and gives it back.
  void fill() const {
    std::ofstream file(path_ / "filler");
    const std::string block(4096, 'x');
    while (file << block << std::flush) {
    }
  }
  void empty() const { std::filesystem::remove(path_ / "filler"); }

 private:
  std::filesystem::path path_;
  std::string refusal_;
};

class DiskFull : public ::testing::Test {
 protected:
  DiskFull() {
    workspace_.write("points.csv", points_csv(200));
    workspace_.write(
        "points.toml",
        points_experiment(
            "threads = 1\nevaluate_every = 10\n\n[checkpoint]\nevery_steps = 20\nkeep = 2\nkeep_best = false\n"));
  }

  std::filesystem::path runs() const { return workspace_.path() / "runs"; }
  std::vector<std::string> command() const {
    return binade_command({"run", "points.toml", "--set", "train.steps=100000000", "--set", "experiment.name=full"});
  }
  std::filesystem::path directory() const {
    std::error_code error;
    const std::filesystem::directory_iterator entry(runs() / "full", error);
    return error || entry == std::filesystem::directory_iterator() ? std::filesystem::path() : entry->path();
  }
  std::vector<std::string> checkpoints() const {
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(directory() / "checkpoints", error), end; !error && entry != end;
         entry.increment(error)) {
      names.push_back(entry->path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  double failed(const Process& process) const {
    if (process.out().find("http://127.0.0.1:") == std::string::npos) return -1;
    const auto text = scrape(port_in(process.out()));
    std::smatch found;
    const std::regex series("binade_checkpoints_total\\{[^}]*result=\"failed\"[^}]*\\} ([0-9.e+]+)");
    return std::regex_search(text, found, series) ? std::stod(found.str(1)) : -1;
  }
  static int times(const std::string& text, const std::string& words) {
    int count = 0;
    for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++count;
    return count;
  }

  void expect_that_training_goes_on(Process& process, const std::function<void()>& break_it,
                                    const std::function<void()>& mend_it) {
    ASSERT_TRUE(process.wait_until([&] { return checkpoints().size() >= 2 && failed(process) == 0; })) << process.err();
    break_it();
    ASSERT_TRUE(process.wait_until([&] { return failed(process) >= 3; })) << process.err();
    EXPECT_EQ(times(process.err(), "no checkpoint of step"), 1) << process.err();
    const auto kept = checkpoints();
    ASSERT_GE(kept.size(), 1u) << "what was saved before stays";
    mend_it();
    ASSERT_TRUE(process.wait_until([&] {
      const auto now = checkpoints();
      return now.size() == 2 && now.front() > kept.back() && now.back().find(".tmp") == std::string::npos;
    })) << process.err();
    process.send(SIGTERM);
    EXPECT_EQ(process.wait().exit_code, 75);
    EXPECT_THAT(process.err(), HasSubstr("checkpoints are written again"));
    for (const auto& name : checkpoints()) EXPECT_EQ(name.find(".tmp"), std::string::npos) << name;
  }

  TemporaryFolder workspace_;
};

TEST_F(DiskFull, TrainingContinuesAndWhatWasSavedStays) {
  const SmallDisk disk(runs(), "size=128m");
  if (!disk.refusal().empty()) GTEST_SKIP() << disk.refusal();
  Process process(command(), workspace_, with_fixtures());
  expect_that_training_goes_on(
      process, [&] { disk.fill(); }, [&] { disk.empty(); });
}

TEST_F(DiskFull, AFileSystemThatBecomesReadOnlyDoesNotEndTheRunEither) {
  const SmallDisk disk(runs(), "size=128m");
  if (!disk.refusal().empty()) GTEST_SKIP() << disk.refusal();
  Process process(command(), workspace_, with_fixtures());
  ASSERT_TRUE(process.wait_until([&] { return checkpoints().size() >= 2; })) << process.err();
  const auto folder = directory() / "checkpoints";
  expect_that_training_goes_on(
      process,
      [&] {
        ASSERT_EQ(::mount(folder.c_str(), folder.c_str(), nullptr, MS_BIND, nullptr), 0);
        ASSERT_EQ(::mount(nullptr, folder.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr), 0);
      },
      [&] { ASSERT_EQ(umount2(folder.c_str(), MNT_DETACH), 0); });
}

// The last file of a run is missing, or whole.
bool has_weights(const std::filesystem::path& folder) {
  std::error_code error;
  return std::filesystem::file_size(folder / "weights.safetensors", error) > 1000 && !error;
}

class FullAtTheEnd : public DiskFull {
 protected:
  std::vector<std::string> without_checkpoints(const std::vector<std::string>& more = {}) const {
    auto words = command();
    words.insert(words.end(), {"--set", "checkpoint.enabled=false", "--set", "train.evaluate_every=1000000"});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  // Fills the disk while it trains, and ends it when it is known that lines of metrics.jsonl wait.
  void fill_and_end(Process& process, const SmallDisk& disk) {
    ASSERT_TRUE(process.wait_until([&] { return !directory().empty() && failed(process) == 0; })) << process.err();
    disk.fill();
    ASSERT_TRUE(process.wait_until([&] {
      return times(process.err(), "training continues, and about a thousand") == 1;
    })) << process.err();
    process.send(SIGTERM);
  }
};

TEST_F(FullAtTheEnd, FinalWeightsAreTriedAgainUntilThereIsRoom) {
  const SmallDisk disk(runs(), "size=16m");
  if (!disk.refusal().empty()) GTEST_SKIP() << disk.refusal();
  Process process(without_checkpoints(), workspace_, with_fixtures());
  fill_and_end(process, disk);
  const auto told = [&] { return times(process.err(), "retrying to write them") == 1; };
  ASSERT_TRUE(process.wait_until(told)) << process.err();
  EXPECT_THAT(process.err(), ::testing::ContainsRegex("the weights need [0-9.]+ [kM]B"));
  disk.empty();
  EXPECT_EQ(process.wait().exit_code, 143) << process.err();
  EXPECT_THAT(process.err(), HasSubstr("was written after all"));
  EXPECT_TRUE(has_weights(directory()));
}

TEST_F(FullAtTheEnd, FinalWeightsThatCannotBeKeptAreSaidWithWhatTheyNeed) {
  const SmallDisk disk(runs(), "size=16m");
  if (!disk.refusal().empty()) GTEST_SKIP() << disk.refusal();
  Process process(without_checkpoints(), workspace_, with_fixtures());
  fill_and_end(process, disk);
  ASSERT_TRUE(process.wait_until([&] { return times(process.err(), "retrying to write them") == 1; })) << process.err();
  const auto start = std::chrono::steady_clock::now();
  process.send(SIGINT);  // a person does not want to wait
  EXPECT_EQ(process.wait().exit_code, 1);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  EXPECT_THAT(process.err(),
              ::testing::ContainsRegex("final weights could not be saved, they need [0-9.]+ [kM]B: .*No space "
                                       "left on device. `--rescue DIR`"));
}

TEST_F(FullAtTheEnd, FinalWeightsGoIntoTheRescueFolder) {
  const SmallDisk disk(runs(), "size=16m");
  if (!disk.refusal().empty()) GTEST_SKIP() << disk.refusal();
  const auto rescue = workspace_.path() / "elsewhere/rescue";
  Process process(without_checkpoints({"--rescue", rescue.string()}), workspace_, with_fixtures());
  fill_and_end(process, disk);
  const auto folder = rescue / directory().filename();
  EXPECT_EQ(process.wait().exit_code, 143) << process.err();
  EXPECT_THAT(process.err(), HasSubstr("the weights are in " + (folder / "weights.safetensors").string()));
  EXPECT_THAT(process.out(), HasSubstr((folder / "weights.safetensors").string()));
  EXPECT_TRUE(has_weights(folder));
  const auto summary = summary_of(folder);
  EXPECT_EQ(summary["rescued"], folder.string());
  EXPECT_EQ(summary["state"], "interrupted");
}

TEST_F(DiskFull, ARunWhoseFolderIsDeletedFailsAndSaysItOnce) {
  const auto rescue = workspace_.path() / "rescue";
  for (const bool with_rescue : {false, true}) {
    auto words = command();
    if (with_rescue) words.insert(words.end(), {"--rescue", rescue.string()});
    Process process(words, workspace_, with_fixtures());
    ASSERT_TRUE(process.wait_until([&] { return checkpoints().size() >= 2; })) << process.err();
    const auto run = directory();
    std::filesystem::rename(run, workspace_.path() / "away");  // in one piece, as nobody else can be in it then
    std::filesystem::remove_all(workspace_.path() / "away");
    EXPECT_EQ(process.wait().exit_code, 1) << process.err();
    EXPECT_EQ(times(process.err(), "was deleted or moved"), 1) << process.err();
    EXPECT_EQ(times(process.err(), "warning"), with_rescue ? 1 : 0) << process.err();
    EXPECT_EQ(has_weights(rescue / run.filename()), with_rescue);
    EXPECT_FALSE(std::filesystem::exists(run));
  }
}

TEST_F(DiskFull, AnInputOutputErrorUnderCheckpointsDoesNotEndTheRunEither) {
  const auto failing = with_fixtures(
      {{"LD_PRELOAD", std::string(BINADE_FIXTURE_DIR) + "/slow_sync.so"}, {"FAILING_SYNC_FOLDER", "/checkpoints"}});
  auto words = command();
  words.insert(words.end(), {"--set", "train.steps=100"});
  const auto finished = Process(words, workspace_, failing).wait();
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(times(finished.err, "no checkpoint of step 20: "), 1) << finished.err;
  EXPECT_EQ(times(finished.err, "no checkpoint of step"), 1) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("Input/output error"));
  EXPECT_TRUE(std::filesystem::exists(directory() / "best.safetensors")) << "at the end, it waits for none";
  EXPECT_THAT(checkpoints(), IsEmpty());
  std::filesystem::remove_all(directory());

  Process endless(command(), workspace_, failing);
  ASSERT_TRUE(endless.wait_until([&] { return failed(endless) >= 2; })) << endless.err();
  endless.send(SIGTERM);
  EXPECT_EQ(endless.wait().exit_code, 143) << "without a durable checkpoint nobody is to requeue it";
}

}  // namespace
}  // namespace binade::testing
