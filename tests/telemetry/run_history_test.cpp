// The history that the live page reads.
#include "host/telemetry/run_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <fstream>

#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Le;
using testing::SizeIs;

class RunHistoryTest : public testing::Test {
 protected:
  void write(const std::string& text) { std::ofstream(file(), std::ios::app) << text; }
  void write_steps(int count, const std::string& more = "") {
    for (int step = 1; step <= count; ++step) {
      write(R"({"step":)" + std::to_string(step) + R"(,"split":"train","loss":1.5)" + more + "}\n");
      if (step % 10 == 0) write(R"({"step":)" + std::to_string(step) + R"(,"split":"validation","loss":2})" + "\n");
    }
  }
  std::filesystem::path file() const { return folder_ / "metrics.jsonl"; }

  // The steps in the history.
  std::vector<int> steps(std::size_t points) const {
    const auto json = RunHistory(file(), "r").json(points);
    std::vector<int> numbers;
    const std::string head = "{\"step\":";
    for (auto at = json.find(head, json.find("\"steps\":[")); at != std::string::npos; at = json.find(head, at + 1)) {
      numbers.push_back(std::atoi(json.c_str() + at + head.size()));
    }
    return numbers;
  }

  TemporaryFolder folder_;
};

TEST_F(RunHistoryTest, HasEachStepOfAShortRunAndNoEvaluation) {
  write_steps(12);
  EXPECT_THAT(steps(600), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
}

TEST_F(RunHistoryTest, OfAResumedRunHasTheEvaluationsThatItsFileHolds) {
  write_steps(20);
  write(R"({"step":30,"split":"validation","loss":null,"accuracy":0.5,"samples":3})"
        "\n");
  RunHistory history(file(), "r");
  history.learn_earlier();
  history.evaluated({0, 40, "validation", 3});
  EXPECT_THAT(history.json(10), HasSubstr(R"("evaluations":[{"step":10,"split":"validation","loss":2,"accuracy":null},)"
                                          R"({"step":20,"split":"validation","loss":2,"accuracy":null},)"
                                          R"({"step":30,"split":"validation","loss":null,"accuracy":0.5},)"
                                          R"({"step":40,"split":"validation","loss":3,"accuracy":null}])"));
}

TEST_F(RunHistoryTest, SpreadsItsPointsOverALongRunFromTheFirstStepToTheLast) {
  write_steps(5000);
  const auto found = steps(50);
  EXPECT_THAT(found, SizeIs(50));
  EXPECT_EQ(found.front(), 1);
  EXPECT_EQ(found.back(), 5000);
  for (std::size_t i = 1; i < found.size(); ++i) {
    EXPECT_GT(found[i], found[i - 1]);
    EXPECT_LE(found[i] - found[i - 1], 110) << "evenly";
  }
}

TEST_F(RunHistoryTest, HasNoMorePointsThanAreAskedFor) {
  for (const int count : {1, 2, 3, 5, 100, 1000}) {
    std::filesystem::remove(file());
    write_steps(count);
    for (const std::size_t points : {1U, 2U, 3U, 4U, 99U, 100U, 101U}) {
      const auto found = steps(points);
      EXPECT_THAT(found, SizeIs(Le(points))) << count;
      EXPECT_EQ(found.back(), count) << points;
      EXPECT_EQ(found.front(), points > 1 ? 1 : count) << points;
    }
  }
}

TEST_F(RunHistoryTest, SaysWhatTimeItIs) {
  const auto before = static_cast<double>(time(nullptr));
  const auto json = RunHistory(file(), "r").json(1);
  const double now = std::atof(json.c_str() + json.find("\"now\":") + 6);
  EXPECT_GE(now, before - 1);
  EXPECT_LE(now, static_cast<double>(time(nullptr)) + 1);
}

TEST_F(RunHistoryTest, LeavesOutALineThatIsNotWholeYet) {
  write_steps(3);
  write(R"({"step":4,"split":"train","lo)");
  EXPECT_THAT(steps(600), ElementsAre(1, 2, 3));
}

TEST_F(RunHistoryTest, IsEmptyBeforeTheFirstStepAndBeforeThereIsAFile) {
  EXPECT_THAT(steps(600), ElementsAre());
  write("");
  EXPECT_THAT(steps(600), ElementsAre());
}

TEST_F(RunHistoryTest, PassesOverLinesThatAreTooLong) {
  write_steps(2);
  write_steps(1, ",\"more\":\"" + std::string(20000, 'x') + "\"");
  write_steps(3);
  const auto found = steps(600);
  EXPECT_EQ(found.front(), 1);
  EXPECT_EQ(found.back(), 3);
}

TEST_F(RunHistoryTest, KeepsEvaluationsWithinBounds) {
  RunHistory history(file(), "the-run");
  EvaluationRecord record;
  record.split = "validation";
  for (std::uint64_t step = 1; step <= 3 * RunHistory::max_evaluations; ++step) {
    record.step = step;
    record.loss = step == 1 ? nan : 0.25;
    history.evaluated(record);
  }
  const auto json = history.json(10);
  EXPECT_THAT(json, HasSubstr("\"run_id\":\"the-run\""));
  EXPECT_THAT(json, HasSubstr(R"([{"step":1,"split":"validation","loss":null,"accuracy":null},)"));
  EXPECT_THAT(json, HasSubstr(R"({"step":1536,"split":"validation","loss":0.25,)")) << "the last";
  std::size_t count = 0;
  for (auto at = json.find("\"step\""); at != std::string::npos; at = json.find("\"step\"", at + 1)) ++count;
  EXPECT_LE(count, RunHistory::max_evaluations);
  EXPECT_GE(count, RunHistory::max_evaluations / 2);
}

TEST_F(RunHistoryTest, NamesAFileThatItCannotRead) {
  std::filesystem::create_directory(file());
  try {
    RunHistory(file(), "r").json(10);
    FAIL() << "not refused";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("metrics.jsonl"));
  }
}

}  // namespace
}  // namespace binade::host
