// The division of a dataset's samples into parts, and fit().
#include "host/data/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "binade/dataset.h"
#include "host/data/dataset.h"
#include "tests/data/linked.h"

namespace binade::host {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

using Keys = std::vector<std::int64_t>;

DatasetDescription description(std::uint64_t train, bool independent = true) {
  DatasetDescription made;
  made.splits = {{"train", train}};
  made.independent = independent;
  return made;
}

std::vector<Split> divided(const DatasetDescription& of, const SplitSettings& settings, const Keys& keys = {},
                           std::uint64_t seed = 1) {
  return divide(of, settings, seed, [&](const std::string&) { return keys; });
}

std::vector<std::uint64_t> samples(const std::vector<Split>& parts, const std::string& name) {
  for (const auto& part : parts) {
    if (part.name != name) continue;
    std::vector<std::uint64_t> found;
    for (std::uint64_t i = 0; i < part.size; ++i) found.push_back(part.index(i));
    EXPECT_TRUE(std::is_sorted(found.begin(), found.end()));
    return found;
  }
  return {};
}

// How many samples of each key a part has.
std::map<std::int64_t, int> shares(const std::vector<Split>& parts, const std::string& name, const Keys& keys) {
  std::map<std::int64_t, int> found;
  for (const auto index : samples(parts, name)) ++found[keys[index]];
  return found;
}

std::string refusal(const DatasetDescription& of, const SplitSettings& settings, const Keys& keys = {}) {
  try {
    divided(of, settings, keys);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "not refused";
}

SplitSettings with_test(double validation, double test) { return {.validation = validation, .test = test}; }

TEST(Splits, AreFractionsOfTrain) {
  const auto parts = divided(description(35), with_test(0.2, 0.4));
  EXPECT_THAT(samples(parts, "validation"), SizeIs(7));
  EXPECT_THAT(samples(parts, "test"), SizeIs(14));
  EXPECT_THAT(samples(parts, "train"), SizeIs(14));
  std::set<std::uint64_t> all;
  for (const auto* name : {"train", "validation", "test"}) {
    for (const auto index : samples(parts, name)) EXPECT_TRUE(all.insert(index).second) << name;
  }
  EXPECT_THAT(all, SizeIs(35));
}

TEST(Splits, TestSamplesDoNotDependOnTheFractionToValidateWith) {
  EXPECT_EQ(samples(divided(description(100), with_test(0.1, 0.2)), "test"),
            samples(divided(description(100), with_test(0.3, 0.2)), "test"));
}

TEST(Splits, AFractionToTrainOnLeavesSamplesOut) {
  const auto parts = divided(description(100), {.train = 0.3, .validation = 0.5});
  EXPECT_THAT(samples(parts, "train"), SizeIs(30));
  EXPECT_THAT(samples(parts, "validation"), SizeIs(50));
}

TEST(Splits, OfSamplesThatDependOnTheirNeighboursAreRanges) {
  const auto parts = divided(description(10, false), {.train = 0.4, .validation = 0.2, .test = 0.3});
  EXPECT_THAT(samples(parts, "train"), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(samples(parts, "validation"), ElementsAre(5, 6));
  EXPECT_THAT(samples(parts, "test"), ElementsAre(7, 8, 9));
  for (const auto& part : parts) EXPECT_TRUE(part.indices.empty());
}

TEST(Splits, HaveASeedOfTheirOwn) {
  const auto of = description(100);
  EXPECT_EQ(samples(divided(of, {.seed = 7}, {}, 1), "train"), samples(divided(of, {.seed = 7}, {}, 2), "train"));
  EXPECT_EQ(samples(divided(of, {.seed = 7}), "train"), samples(divided(of, {}, {}, 7), "train"));
  EXPECT_NE(samples(divided(of, {.seed = 8}), "train"), samples(divided(of, {}, {}, 7), "train"));
}

TEST(Splits, StratifiedOnesHaveTheSameSharesOfEachClass) {
  Keys keys;
  for (int i = 0; i < 1000; ++i) keys.push_back(i % 10 == 0 ? 5 : i % 50 == 1 ? -3 : 9);
  const auto parts = divided(description(1000), {.validation = 0.2, .test = 0.1, .stratify = ""}, keys);
  EXPECT_THAT(shares(parts, "validation", keys), ElementsAre(std::pair(-3, 4), std::pair(5, 20), std::pair(9, 176)));
  EXPECT_THAT(shares(parts, "test", keys), ElementsAre(std::pair(-3, 2), std::pair(5, 10), std::pair(9, 88)));
  EXPECT_THAT(shares(parts, "train", keys), ElementsAre(std::pair(-3, 14), std::pair(5, 70), std::pair(9, 616)));
}

TEST(Splits, StratifiedOnesOfManySmallClassesHaveTheRightSizes) {
  Keys keys;
  for (int i = 0; i < 300; ++i) keys.push_back(i / 3);
  const auto parts = divided(description(300), {.validation = 0.2, .stratify = ""}, keys);
  EXPECT_THAT(samples(parts, "validation"), SizeIs(60));
  for (const auto& [key, count] : shares(parts, "train", keys)) EXPECT_GE(count, 2) << key;
}

TEST(Splits, AClassOfOneSampleCannotBeStratified) {
  EXPECT_THAT(refusal(description(5), {.stratify = ""}, {1, 1, 2, 1, 1}),
              AllOf(HasSubstr("1 of the 2 values occur in fewer than 2 samples"), HasSubstr("remove `stratify`")));
}

TEST(Splits, GroupsStayTogether) {
  Keys keys;
  for (int i = 0; i < 1000; ++i) keys.push_back(i * 7 % 83);
  const auto parts = divided(description(1000), {.validation = 0.2, .test = 0.1, .group_by = "customer"}, keys);
  std::map<std::int64_t, std::string> home;
  std::size_t total = 0;
  for (const auto* name : {"train", "validation", "test"}) {
    for (const auto& [key, count] : shares(parts, name, keys)) {
      EXPECT_TRUE(home.emplace(key, name).second) << key << " is in two parts";
    }
    total += samples(parts, name).size();
  }
  EXPECT_EQ(total, 1000u);
  EXPECT_NEAR(static_cast<double>(samples(parts, "validation").size()), 200, 13);
  EXPECT_NEAR(static_cast<double>(samples(parts, "test").size()), 100, 13);
}

TEST(Splits, OneGroupCannotBeDivided) {
  EXPECT_THAT(refusal(description(20), {.group_by = "customer"}, Keys(20, 4)),
              AllOf(HasSubstr("no sample is left for"), HasSubstr("change `group_by`")));
}

class Folds : public ::testing::TestWithParam<const char*> {
 protected:
  SplitSettings fold(std::uint64_t number) const {
    SplitSettings settings{.folds = 5, .fold = number};
    if (std::string(GetParam()) == "Stratified") settings.stratify = "";
    if (std::string(GetParam()) == "Grouped") settings.group_by = "customer";
    return settings;
  }
  bool independent() const { return std::string(GetParam()) != "Blocks"; }
};

TEST_P(Folds, ValidateWithEachSampleOnce) {
  Keys keys;
  for (int i = 0; i < 203; ++i) keys.push_back(i % 20);
  std::map<std::uint64_t, int> validated;
  for (std::uint64_t number = 0; number < 5; ++number) {
    const auto parts = divided(description(203, independent()), fold(number), keys);
    const auto validation = samples(parts, "validation"), train = samples(parts, "train");
    EXPECT_NEAR(static_cast<double>(validation.size()), 40.6, 1.5);
    EXPECT_EQ(validation.size() + train.size(), 203u);
    for (const auto index : validation) {
      ++validated[index];
      EXPECT_FALSE(std::binary_search(train.begin(), train.end(), index));
    }
    if (std::string(GetParam()) == "Blocks") {
      EXPECT_EQ(validation.back() - validation.front() + 1, validation.size());
    }
    if (std::string(GetParam()) == "Stratified") {
      for (const auto& [key, count] : shares(parts, "validation", keys)) EXPECT_NEAR(count, 2, 1) << key;
    }
    if (std::string(GetParam()) == "Grouped") {
      const auto in_train = shares(parts, "train", keys);
      for (const auto& [key, count] : shares(parts, "validation", keys)) EXPECT_EQ(in_train.count(key), 0u) << key;
    }
  }
  EXPECT_THAT(validated, SizeIs(203));
  for (const auto& [index, times] : validated) EXPECT_EQ(times, 1) << index;
}

INSTANTIATE_TEST_SUITE_P(All, Folds, ::testing::Values("Random", "Stratified", "Grouped", "Blocks"),
                         [](const auto& info) { return info.param; });

TEST(Splits, FoldsLeaveTheTestSamplesAlone) {
  SplitSettings settings{.test = 0.25, .folds = 3};
  const auto test = samples(divided(description(80), settings), "test");
  EXPECT_THAT(test, SizeIs(20));
  for (settings.fold = 1; settings.fold < 3; ++settings.fold) {
    const auto parts = divided(description(80), settings);
    EXPECT_EQ(samples(parts, "test"), test);
    EXPECT_THAT(samples(parts, "validation"), SizeIs(20));
  }
}

TEST(Splits, OfThePluginAreNotDividedAgain) {
  auto of = description(10);
  of.splits.push_back({"validation", 4});
  of.splits.push_back({"test", 3});
  EXPECT_THAT(refusal(of, {.validation = 0.1}), HasSubstr("has a split `validation` of its own"));
  EXPECT_THAT(refusal(of, {.test = 0.1}), HasSubstr("has a split `test` of its own"));
  EXPECT_THAT(refusal(of, {.folds = 2}), HasSubstr("`[split] folds` cannot be given"));
  EXPECT_THAT(refusal(of, {.stratify = ""}), HasSubstr("nothing to stratify"));
  EXPECT_THAT(samples(divided(of, {.train = 0.5}), "train"), SizeIs(5));
}

TEST(Splits, OnlyIndependentSamplesAreStratified) {
  EXPECT_THAT(refusal(description(10, false), {.stratify = ""}, Keys(10, 1)),
              HasSubstr("does not state that its samples are independent"));
}

TEST(Splits, MoreFoldsThanSamplesAreRefused) {
  EXPECT_THAT(refusal(description(3), {.folds = 5, .fold = 4}), HasSubstr("fewer folds"));
}

TEST(Splits, OverfittingValidatesWithTheFewSamplesThatAreTrainedOn) {
  auto of = description(100);
  of.splits.push_back({"test", 9});
  const auto parts = divided(of, {.overfit = 8});
  EXPECT_THAT(parts, SizeIs(2));
  EXPECT_THAT(samples(parts, "train"), SizeIs(8));
  EXPECT_EQ(samples(parts, "train"), samples(parts, "validation"));
  EXPECT_THAT(samples(divided(of, {.overfit = 1000}), "train"), SizeIs(80)) << "validation samples stay out";
}

// --- fit() and keys() ---

struct Fitted {
  static inline std::vector<std::uint64_t> seen;
  static inline bool changes_its_splits = false;

  Description describe() const {
    Description description;
    description.split("train", changes_its_splits && !seen.empty() ? 19 : 20).independent();
    if (!seen.empty()) description.field<float>("x").fact("features", static_cast<std::int64_t>(seen.size()));
    return description;
  }
  void fit(std::uint32_t split, const Indices& indices) {
    EXPECT_EQ(split, 0u);
    EXPECT_TRUE(seen.empty()) << "called twice";
    seen.assign(indices.begin(), indices.end());
  }
  std::vector<std::int64_t> keys(std::uint32_t, std::string_view column) const {
    if (column == "short") return {1, 2, 3};
    if (column != "parity") throw Failure(BINADE_INVALID_ARGUMENT, "no column " + std::string(column));
    Keys keys;
    for (int i = 0; i < 20; ++i) keys.push_back(i % 2);
    return keys;
  }
  void read(const Sample&) const {}
};

class FittedDataset : public ::testing::Test {
 protected:
  FittedDataset() {
    Fitted::seen.clear();
    Fitted::changes_its_splits = false;
  }
  std::string refusal(const SplitSettings& settings) {
    try {
      const LinkedDataset<Fitted> dataset(settings);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "not refused";
  }
};

TEST_F(FittedDataset, SeesTheTrainingSamplesAndNoOthers) {
  const LinkedDataset<Fitted> dataset({.test = 0.2});
  EXPECT_EQ(Fitted::seen, dataset.split("train").indices);
  EXPECT_THAT(Fitted::seen, SizeIs(12));
  EXPECT_EQ(std::get<std::int64_t>(dataset.facts().at("features")), 12) << "described again after fit()";
}

TEST_F(FittedDataset, MustKeepItsSplits) {
  Fitted::changes_its_splits = true;
  EXPECT_THAT(refusal({}), HasSubstr("describe() returned other splits after fit()"));
}

TEST_F(FittedDataset, IsStratifiedByAColumn) {
  const LinkedDataset<Fitted> dataset({.stratify = "parity"});
  int odd = 0;
  for (const auto index : dataset.split("validation").indices) odd += static_cast<int>(index % 2);
  EXPECT_EQ(odd, 2);
}

TEST_F(FittedDataset, NamesAColumnThatItDoesNotHave) {
  EXPECT_THAT(refusal({.group_by = "customer"}), HasSubstr("no column customer"));
}

TEST_F(FittedDataset, MustGiveOneKeyPerSample) {
  EXPECT_THAT(refusal({.group_by = "short"}), HasSubstr("keys() returned a wrong number"));
}

struct WithoutKeys {
  Description describe() const { return Description().split("train", 10).field<float>("x").independent(); }
  void read(const Sample&) const {}
};

TEST(Splits, ADatasetWithoutKeysIsNotStratified) {
  try {
    const LinkedDataset<WithoutKeys> dataset({.stratify = ""});
    FAIL() << "divided";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("need the dataset's keys()"), HasSubstr("fake")));
  }
}

}  // namespace
}  // namespace binade::host
