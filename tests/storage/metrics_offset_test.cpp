#include "host/storage/metrics_offset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "host/storage/metrics_file.h"
#include "tests/support/step_record.h"
#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string line(int step, const std::string& split) {
  return "{\"step\":" + std::to_string(step) + ",\"split\":\"" + split + "\",\"loss\":1}\n";
}

class MetricsUntil : public ::testing::Test {
 protected:
  std::string kept(const std::string& text, std::uint64_t step, std::uint64_t evaluated_step) {
    return text.substr(0, found(text, step, evaluated_step).bytes);
  }
  host::MetricsUntil found(const std::string& text, std::uint64_t step, std::uint64_t evaluated_step) {
    std::ofstream(folder_ / "m") << text;
    return metrics_offset_at(folder_ / "m", step, evaluated_step);
  }
  TemporaryFolder folder_;
};

TEST_F(MetricsUntil, EndsBeforeTheFirstLaterStep) {
  const auto first = line(1, "train") + line(1, "gradients") + line(2, "train");
  EXPECT_EQ(kept(first + line(3, "train"), 2, 0), first);
  EXPECT_EQ(kept(first, 2, 0), first);
  EXPECT_EQ(kept(first, 0, 0), "");
}

TEST_F(MetricsUntil, KeepsAnEvaluationOnlyWhenTheCheckpointFollowedIt) {
  const auto trained = line(1, "train") + line(2, "train"), evaluated = trained + line(2, "validation");
  EXPECT_EQ(kept(evaluated, 2, 2), evaluated);
  EXPECT_EQ(kept(evaluated, 2, 0), trained);
}

TEST_F(MetricsUntil, EndsBeforeALineThatIsNotWhole) {
  const auto whole = line(1, "train");
  EXPECT_EQ(kept(whole + "{\"step\":2,\"split\":\"tr", 9, 9), whole);
  EXPECT_EQ(kept(whole + line(2, "train").substr(0, 30), 9, 9), whole);
  EXPECT_EQ(found(whole + line(2, "train").substr(0, 30), 1, 1).foreign_lines, 0u) << "a crash does that";
}

TEST_F(MetricsUntil, IsNothingWithoutAFile) {
  const auto nothing = metrics_offset_at(folder_ / "none", 9, 9);
  EXPECT_EQ(nothing.bytes, 0u);
  EXPECT_EQ(nothing.missing_steps, 9u);
}

TEST_F(MetricsUntil, ForeignLinesDoNotCutTheRunsOwn) {
  const auto first = line(1, "train"), second = line(2, "train"), text = std::string("  step  1/20  loss 0.7\n\n");
  const auto among = first + text + second;
  EXPECT_EQ(kept(among, 2, 0), among);
  EXPECT_EQ(kept(among + line(3, "train") + text, 2, 0), among);
  EXPECT_EQ(kept(among + std::string(20, '\0') + "\n", 2, 0), among) << "a power cut does that";
}

TEST_F(MetricsUntil, CountsAndShowsWhatTheRunDidNotWrite) {
  const auto first = line(1, "train"), second = line(2, "train");
  EXPECT_EQ(found(first + second + line(3, "train"), 2, 0).foreign_lines, 0u);
  const auto among = found(first + "hello\n" + second + "{\"step\":x}\n", 2, 0);
  EXPECT_EQ(among.foreign_lines, 2u);
  EXPECT_EQ(among.first_foreign_line, 2u);
  EXPECT_EQ(among.first_foreign_text, "hello");
  EXPECT_EQ(found(first + line(3, "train") + "behind\n", 2, 0).first_foreign_line, 3u) << "what is cut, too";
}

TEST_F(MetricsUntil, CountsTheStepsThatAreMissing) {
  EXPECT_EQ(found(line(1, "train") + line(1, "gradients") + line(2, "train"), 2, 0).missing_steps, 0u);
  EXPECT_EQ(found(line(1, "train") + "glued" + line(2, "train") + line(3, "train"), 3, 0).missing_steps, 1u);
  EXPECT_EQ(found(line(1, "train"), 5, 0).missing_steps, 4u);
}

TEST_F(MetricsUntil, ItsWarningNamesFileLineAndTextWithoutControlBytes) {
  EXPECT_EQ(warning_of(found(line(1, "train"), 1, 0), "runs/m", 1), "");
  const auto warning = warning_of(found(std::string("\x1b[2Jboo\0\n", 9) + line(1, "train"), 2, 0), "runs/m", 2);
  EXPECT_THAT(warning, AllOf(HasSubstr("runs/m:1: "), HasSubstr("boo"), HasSubstr("lacks 1 of the 2 steps")));
  EXPECT_TRUE(std::none_of(warning.begin(), warning.end(), [](char c) { return c >= 0 && c < 0x20; })) << warning;
}

TEST_F(MetricsUntil, AResumedFileIsCutBackAndAppendedTo) {
  const auto first = line(1, "train") + line(2, "train");
  std::ofstream(folder_ / "m") << first + line(3, "train");
  {
    MetricsFile file(folder_ / "m", MetricsFile::Continued{2, 0});
    file.step(step_record(3));
    file.checkpoint_begins();
    EXPECT_NE(contents(folder_ / "m").find("{\"step\":3,\"split\":\"train\",\"epoch\""), std::string::npos)
        << "before the checkpoint is";
  }
  EXPECT_EQ(contents(folder_ / "m").substr(0, first.size() + 9), first + "{\"step\":3");
}

}  // namespace
}  // namespace binade::host
