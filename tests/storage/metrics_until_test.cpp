#include "host/storage/metrics_until.h"

#include <gtest/gtest.h>

#include "host/storage/metrics_file.h"
#include "tests/storage/temporary_folder.h"

namespace binade::host {
namespace {

std::string line(int step, const std::string& split) {
  return "{\"step\":" + std::to_string(step) + ",\"split\":\"" + split + "\",\"loss\":1}\n";
}

class MetricsUntil : public testing::Test {
 protected:
  std::string kept(const std::string& text, std::uint64_t step, std::uint64_t evaluated_step) {
    std::ofstream(folder_ / "m") << text;
    return text.substr(0, metrics_until(folder_ / "m", step, evaluated_step));
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

TEST_F(MetricsUntil, EndsBeforeALineThatIsNotWholeOrIsNone) {
  const auto whole = line(1, "train");
  EXPECT_EQ(kept(whole + "{\"step\":2,\"split\":\"tr", 9, 9), whole);
  EXPECT_EQ(kept(whole + line(2, "train").substr(0, 30), 9, 9), whole);
  EXPECT_EQ(kept(whole + std::string(20, '\0') + "\n" + line(2, "train"), 9, 9), whole);
}

TEST_F(MetricsUntil, IsNothingWithoutAFile) { EXPECT_EQ(metrics_until(folder_ / "none", 9, 9), 0u); }

TEST_F(MetricsUntil, AFileThatIsGoneOnWithIsCutBackAndAppendedTo) {
  const auto first = line(1, "train") + line(2, "train");
  std::ofstream(folder_ / "m") << first + line(3, "train");
  {
    MetricsFile file(folder_ / "m", MetricsFile::Continued{2, 0});
    StepRecord record;
    record.step = 3;
    file.step(record);
    file.checkpoint_begins();
    EXPECT_NE(contents(folder_ / "m").find("{\"step\":3,\"split\":\"train\",\"epoch\""), std::string::npos)
        << "before the checkpoint is";
  }
  EXPECT_EQ(contents(folder_ / "m").substr(0, first.size() + 9), first + "{\"step\":3");
}

}  // namespace
}  // namespace binade::host
