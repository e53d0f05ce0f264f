#include "host/bench/result.h"

#include <gmock/gmock.h>

#include <cmath>
#include <stdexcept>

namespace binade::host {
namespace {

using testing::HasSubstr;

// A run that learned: 20 steps from loss 2 down to 1.
Measurement run(double samples_per_second, double tensor_bytes, double accuracy) {
  Measurement m;
  m.device = "cpu";
  m.steps = 20;
  m.warmup_steps = 3;
  m.samples_per_second = samples_per_second;
  m.tensor_bytes = tensor_bytes;
  m.process_bytes = tensor_bytes + 1000;
  m.accuracy = accuracy;
  m.validation_loss = 1 - accuracy;
  m.final_loss = m.last_tenth_loss = 1;
  for (int i = 0; i < 20; ++i) m.losses.push_back(2 - i / 19.0);
  return m;
}

std::vector<Repeat> repeats() {
  return {{1, {run(100, 1000, 0.9), run(200, 500, 0.9)}}, {2, {run(110, 1000, 0.91), run(220, 500, 0.912)}}};
}

TEST(Compare, JudgesEachContenderAgainstTheFirst) {
  const auto result = compare({"a", "b"}, repeats(), {1.5, 40, 0.1, {}});
  ASSERT_EQ(result.contenders.size(), 2u);
  EXPECT_TRUE(result.contenders[0].comparisons.empty());
  const auto& b = result.contenders[1];
  EXPECT_DOUBLE_EQ(b.comparison("speedup").interval.value, 2);
  EXPECT_EQ(b.comparison("speedup").verdict, Verdict::met);
  EXPECT_DOUBLE_EQ(b.comparison("allocator_memory").interval.low, 50);
  EXPECT_EQ(b.comparison("allocator_memory").verdict, Verdict::met);
  EXPECT_EQ(b.comparison("process_memory").verdict, std::nullopt) << "shown only";
  EXPECT_NEAR(b.comparison("accuracy").interval.value, 0.001, 1e-12);
  EXPECT_EQ(b.comparison("accuracy").verdict, Verdict::met);
  EXPECT_EQ(b.comparison("loss").verdict, std::nullopt) << "no threshold was given";
  EXPECT_TRUE(result.all_learned());
  EXPECT_TRUE(result.all_met());
}

TEST(Compare, IsNotMetWhenOneVerdictIsNot) {
  EXPECT_FALSE(compare({"a", "b"}, repeats(), {3, 40, 0.1, {}}).all_met());
  EXPECT_FALSE(compare({"a", "b"}, repeats(), {1.5, 60, 0.1, {}}).all_met());
  EXPECT_FALSE(compare({"a", "b"}, repeats(), {1.5, 40, 0.0001, {}}).all_met());
  EXPECT_FALSE(compare({"a", "b"}, repeats(), {1.5, 40, 0.1, 0.0001}).all_met());
}

TEST(Compare, JudgesTheProcessWhereTensorsAreNotCounted) {
  auto all = repeats();
  all[1].runs[0].tensor_bytes = std::nan("");
  const auto result = compare({"a", "b"}, all, {});
  EXPECT_EQ(result.contenders[1].comparison("allocator_memory").verdict, std::nullopt);
  EXPECT_EQ(result.contenders[1].comparison("process_memory").verdict, Verdict::not_met);
}

TEST(Compare, DoesNotJudgeAnAccuracyThatDoesNotExist) {
  auto all = repeats();
  for (auto& repeat : all) repeat.runs[0].accuracy = repeat.runs[1].accuracy = std::nan("");
  const auto result = compare({"a", "b"}, all, {1.5, 40, 0.01, {}});
  EXPECT_FALSE(result.accuracy);
  EXPECT_EQ(result.contenders[1].comparison("accuracy").threshold, std::nullopt);
  EXPECT_EQ(result.contenders[1].comparison("accuracy").verdict, std::nullopt);
  EXPECT_TRUE(result.all_met()) << "the rest is";
  EXPECT_FALSE(compare({"a", "b"}, all, {3, 40, 0.01, {}}).all_met());
}

TEST(Compare, CannotTellWhereOnlyTheContendersAccuracyIsMissing) {
  auto all = repeats();
  all[1].runs[1].accuracy = std::nan("");
  const auto result = compare({"a", "b"}, all, {1.5, 40, 0.1, {}});
  EXPECT_EQ(result.contenders[1].comparison("accuracy").verdict, Verdict::cannot_tell);
  EXPECT_FALSE(result.all_met());
}

TEST(Compare, JudgesOnlyWhatHasAThreshold) {
  const auto judged = [](const Thresholds& thresholds) {
    std::vector<std::string> criteria;
    const auto result = compare({"a", "b"}, repeats(), thresholds);
    for (const auto& c : result.contenders[1].comparisons) {
      if (c.verdict) criteria.emplace_back(c.criterion);
    }
    EXPECT_TRUE(result.all_met());
    return criteria;
  };
  using testing::ElementsAre;
  EXPECT_THAT(judged({1.5, {}, {}, {}}), ElementsAre("speedup"));
  EXPECT_THAT(judged({{}, 40, {}, {}}), ElementsAre("allocator_memory"));
  EXPECT_THAT(judged({{}, {}, 0.1, {}}), ElementsAre("accuracy"));
  EXPECT_THAT(judged({{}, {}, {}, 0.1}), ElementsAre("loss"));
  EXPECT_THAT(judged({{}, {}, {}, {}}), testing::IsEmpty());
}

TEST(Compare, IsNotMetByWhatLearnedNothingEvenWhereNothingIsJudged) {
  auto all = repeats();
  for (auto& repeat : all) repeat.runs[1].losses.assign(20, 2);
  EXPECT_FALSE(compare({"a", "b"}, all, {{}, {}, {}, {}}).all_met());
}

TEST(Compare, CannotTellFromOneRepeat) {
  auto all = repeats();
  all.pop_back();
  EXPECT_EQ(compare({"a", "b"}, all, {}).contenders[1].comparison("speedup").verdict, Verdict::cannot_tell);
}

TEST(Compare, TakesTheTrainingLossWhereNothingWasValidated) {
  auto all = repeats();
  for (auto& repeat : all) {
    for (auto& one : repeat.runs) one.validation_loss = std::nan("");
    repeat.runs[1].last_tenth_loss = 1.25;
  }
  const auto result = compare({"a", "b"}, all, {});
  EXPECT_FALSE(result.validation_loss);
  EXPECT_EQ(result.contenders[1].comparison("loss").interval.value, 0.25);
  EXPECT_TRUE(result.all_learned());
}

TEST(Compare, ClaimsNoVerdictForWhatLearnedNothing) {
  auto all = repeats();
  for (auto& repeat : all) repeat.runs[1].losses.assign(20, 2);
  const auto result = compare({"a", "b"}, all, {1.5, 40, 0.1, {}});
  EXPECT_FALSE(result.all_learned());
  EXPECT_FALSE(result.all_met());
  for (const auto& comparison : result.contenders[1].comparisons) EXPECT_EQ(comparison.verdict, std::nullopt);
}

TEST(Compare, ClaimsNoVerdictAgainstABaselineThatLearnedNothing) {
  auto all = repeats();
  for (auto& repeat : all) repeat.runs[0].losses.assign(20, 2);
  EXPECT_EQ(compare({"a", "b"}, all, {}).contenders[1].comparison("speedup").verdict, std::nullopt);
}

TEST(Compare, CountsALossThatIsNotFiniteAsNothingLearned) {
  for (const auto member : {&Measurement::final_loss, &Measurement::validation_loss}) {
    auto all = repeats();
    all[1].runs[1].*member = std::nan("");
    EXPECT_FALSE(compare({"a", "b"}, all, {}).contenders[1].learned());
  }
}

TEST(SameStart, RefusesDifferentWeightsSamplesAndDevices) {
  auto one = run(1, 1, 1), other = one;
  EXPECT_NO_THROW(require_same_start("a", one, "b", other, 7));
  const auto message = [&] {
    try {
      require_same_start("a", one, "b", other, 7);
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  other.initial_parameters_sha256 = "0";
  EXPECT_THAT(message(), HasSubstr("a and b cannot be compared: with seed 7 they began with different weights"));
  other = one;
  other.samples_hash = "0";
  EXPECT_THAT(message(), HasSubstr("different samples"));
  other = one;
  other.device = "cuda:0";
  EXPECT_THAT(message(), HasSubstr("cpu and cuda:0"));
}

TEST(SameStart, RefusesDifferentDataAndNamesTheSplitOrTheFile) {
  auto one = run(1, 1, 1);
  one.data = {{"split.train", "71 samples"},
              {"split.train.16", "sha256 a"},
              {"files", "1 file, 9 bytes, sha256 a"},
              {"file./d.csv", "9 bytes, sha256 a"}};
  auto other = one;
  EXPECT_NO_THROW(require_same_start("a", one, "b", other, 7));
  other.data["split.train.16"] = "sha256 b";
  EXPECT_NO_THROW(require_same_files(other, one)) << "with another seed the host may split in another way";
  const auto message = [&](auto require) {
    try {
      require();
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(message([&] { require_same_start("a", other, "b", one, 7); }),
              HasSubstr("with seed 7 they read different data: the data of `train` changed\n"));
  other.data["files"] = "1 file, 9 bytes, sha256 b";
  other.data["file./d.csv"] = "9 bytes, sha256 b";
  EXPECT_THAT(message([&] { require_same_files(other, one); }),
              HasSubstr("the repeats cannot be compared: they read different data: the data changed (`/d.csv`)"));
}

}  // namespace
}  // namespace binade::host
