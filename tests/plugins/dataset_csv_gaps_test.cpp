// Missing values of the csv dataset, and what stands for them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/plugins/opened_dataset.h"

namespace binade::host {
namespace {

using testing::HasSubstr;
using testing::Not;
using Floats = std::vector<float>;

class CsvGaps : public testing::Test {
 protected:
  // Rows with the numbers 1, 1, 4, 10 or a gap, with categories and with dates, again and again.
  CsvGaps() {
    std::string rows = "x,c,d,k\n";
    for (int i = 0; i < 10; ++i) {
      rows += "1,red,1970-01-02,a\n,blue,,b\n10,,1970-01-03,a\n1,red,1970-01-02,b\n4,blue,1970-01-09,a\n";
    }
    options_ = {{"path", text(folder_.write("a.csv", rows))}, {"standardize", {Scalar(false)}}};
  }
  Floats row(const std::string& impute, std::uint64_t index = 1) {
    options_["impute"] = text(impute);
    return OpenedDataset("csv", options_, {.stratify = "x"}).read<float>(0, {index});
  }

  TemporaryFolder folder_;
  GivenOptions options_;
};

TEST_F(CsvGaps, OfNumbersAreAnErrorByDefault) {
  EXPECT_THAT(refusal("csv", options_, BINADE_BAD_DATA),
              HasSubstr("a.csv:3: column 1 (`x`): the field is empty; a finite number was expected (10 of 50 rows have "
                        "none: set impute = \"median\" or another way"));
  options_["columns"] = text("c");
  const OpenedDataset data("csv", options_);
  EXPECT_EQ(data.read<float>(0, {0, 2}), (Floats{0, 1, 0, 0, 0, 1}));  // blue, red, unknown
}

TEST_F(CsvGaps, AreFilledInByWhatTrainingRowsSay) {
  options_["columns"] = {Scalar("x"), Scalar("d")};
  EXPECT_EQ(row("median")[0], 2.5F);
  EXPECT_EQ(row("mean")[0], 4);
  EXPECT_EQ(row("most_frequent"), (Floats{1, 1}));
  options_["fill_value"] = {Scalar(-7.0)};
  EXPECT_EQ(row("constant"), (Floats{-7, -7}));
  options_["missing_indicator"] = {Scalar(true)};
  EXPECT_EQ(row("constant"), (Floats{-7, 1, -7, 1}));
  EXPECT_EQ(row("constant", 0), (Floats{1, 0, 1, 0}));
}

TEST_F(CsvGaps, OfCategoriesAreACategoryOfTheirOwnOrTheMostFrequentOne) {
  options_["columns"] = {Scalar("x"), Scalar("c")};
  EXPECT_EQ(row("median", 2), (Floats{10, 0, 0, 1}));
  EXPECT_EQ(row("most_frequent", 2), (Floats{10, 1, 0}));  // as many blue as red: the first by name
}

TEST_F(CsvGaps, FilledInWithTheMeanBecomeZeroWhereStandardized) {
  options_["columns"] = text("x");
  options_["standardize"] = {Scalar(true)};
  EXPECT_EQ(row("mean"), (Floats{0}));
  EXPECT_GT(row("mean", 2)[0], 1);
}

TEST_F(CsvGaps, LearnNothingFromHeldBackRows) {
  options_["columns"] = text("x");
  for (const char* impute : {"mean", "median", "most_frequent"}) {
    options_["impute"] = text(impute);
    const OpenedDataset before("csv", options_);
    const auto& held_back = before.dataset().split("validation").indices;
    std::string rows = "x,k\n";
    const auto numbers = {"1", "", "10", "1", "4"};
    for (std::uint64_t index = 0; index < 50; ++index) {
      const bool other = std::count(held_back.begin(), held_back.end(), index) > 0;
      rows += (other ? "100" : std::string(*(numbers.begin() + index % 5))) + (index % 2 == 0 ? ",a\n" : ",b\n");
    }
    auto changed = options_;
    changed["path"] = text(folder_.write("b.csv", rows));
    const auto& trained_on = before.dataset().split("train").indices;
    EXPECT_EQ(OpenedDataset("csv", changed).read<float>(0, trained_on), before.read<float>(0, trained_on)) << impute;
  }
}

TEST_F(CsvGaps, OfAWholeColumnLeaveNothingToLearn) {
  std::string rows = "x,y,k\n";
  for (int i = 0; i < 20; ++i) rows += i % 2 == 0 ? ",1,a\n" : "NA,2,b\n";
  options_["path"] = text(folder_.write("a.csv", rows));
  EXPECT_THAT(refusal("csv", options_, BINADE_BAD_DATA), HasSubstr("(20 of 20 rows have none"));
  options_["impute"] = text("median");
  EXPECT_THAT(
      refusal("csv", options_, BINADE_BAD_DATA),
      HasSubstr("a.csv: column `x` has no value in any training row, so there is nothing to fill its gaps with: "
                "leave it out with `ignore`"));
  options_["ignore"] = text("x");
  EXPECT_EQ(OpenedDataset("csv", options_).read<float>(0, {0}), (Floats{1}));
}

TEST_F(CsvGaps, OfLabelsAreAlwaysAnError) {
  options_["path"] = text(folder_.write("a.csv", "x,k\n1,a\n2,b\n3,\n4,b\n"));
  options_["impute"] = text("median");
  EXPECT_THAT(
      refusal("csv", options_, BINADE_BAD_DATA),
      HasSubstr("a.csv:4: column 2 (`k`): the field is empty; a class name or finite number was expected: remove "
                "rows without a label (there are 1)"));
}

TEST_F(CsvGaps, FilledInWithAConstantNeedTheConstant) {
  options_["impute"] = text("constant");
  EXPECT_THAT(refusal("csv", options_, BINADE_INVALID_ARGUMENT), HasSubstr("`fill_value` belong together"));
}

TEST_F(CsvGaps, AreNotCountedAsSuspicious) {
  options_["impute"] = text("mean");
  EXPECT_THAT(OpenedDataset("csv", options_).log(), Not(HasSubstr("warning")));
}

}  // namespace
}  // namespace binade::host
