// The csv dataset: RFC 4180, columns, labels, and its error messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "tests/plugins/opened_dataset.h"

namespace binade::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Floats = std::vector<float>;
using Labels = std::vector<std::int64_t>;

// The file without standardization.
GivenOptions csv(const std::string& path, GivenOptions more = {}) {
  more.insert({{"path", text(path)}, {"standardize", {Scalar(false)}}});
  return more;
}

TEST(CsvDataset, ReadsFeaturesAndClassNames) {
  const TemporaryFolder folder;
  const OpenedDataset rows("csv", csv(folder.write("a.csv", "x,y,kind\n1,2.5,cat\n-3,+4e1, ant \n5,6,cat\n")));
  EXPECT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows.read<float>(0, {0, 1, 2}), (Floats{1, 2.5, -3, 40, 5, 6}));
  EXPECT_EQ(rows.read<std::int64_t>(1, {0, 1, 2}), (Labels{1, 0, 1}));  // ant, cat
  EXPECT_EQ(std::get<std::int64_t>(rows.fact("classes")), 2);
  EXPECT_EQ(std::get<std::int64_t>(rows.fact("features")), 2);
  EXPECT_EQ(std::get<std::string>(rows.fact("loss")), "cross_entropy");
  EXPECT_EQ(std::get<std::string>(rows.fact("target")), "label");
  EXPECT_THAT(rows.log(), HasSubstr("info: 3 rows, 2 features, 2 classes: 0 = ant, 1 = cat\n"
                                    "info: 3 columns: 2 numeric, 1 label\n"));
}

TEST(CsvDataset, SortsIntegerClassesByValue) {
  const TemporaryFolder folder;
  const OpenedDataset rows("csv", csv(folder.write("a.csv", "x,y\n0,10\n0,9\n0,-1\n0,10\n")));
  EXPECT_EQ(rows.read<std::int64_t>(1, {0, 1, 2, 3}), (Labels{2, 1, 0, 2}));
}

TEST(CsvDataset, HoldsBackRandomRowsForValidationBecauseRowsAreIndependent) {
  const TemporaryFolder folder;
  std::string rows = "x,y\n";
  for (int row = 0; row < 50; ++row) rows += std::to_string(row) + "," + std::to_string(row % 2) + "\n";
  const OpenedDataset dataset("csv", csv(folder.write("a.csv", rows)));
  EXPECT_EQ(dataset.dataset().split("validation").indices.size(), 10u);
}

TEST(CsvDataset, UnderstandsQuotesAsRfc4180DoesAndAByteOrderMark) {
  const TemporaryFolder folder;
  const std::string file = folder.write("a.csv",
                                        "\xEF\xBB\xBF\"first, quoted\",\"a \"\"b\"\"\nc\",label\r\n"
                                        "\"1\",2,\"line one\r\nline two\"\r\n"
                                        "\r\n"
                                        "3,\"4\",\"say \"\"hi\"\", please\"");
  const OpenedDataset rows("csv", csv(file, {{"columns", {Scalar("a \"b\"\nc"), Scalar("first, quoted")}}}));
  EXPECT_EQ(rows.read<float>(0, {0, 1}), (Floats{2, 1, 4, 3}));
  EXPECT_EQ(rows.read<std::int64_t>(1, {0, 1}), (Labels{0, 1}));
  EXPECT_THAT(rows.log(), HasSubstr("0 = line one\r\nline two, 1 = say \"hi\", please"));
}

TEST(CsvDataset, ReadsWindowsLineEnds) {
  const TemporaryFolder folder;
  const OpenedDataset rows("csv", csv(folder.write("a.csv", "x,k\r\n1,a\r\n2,b\r\n"), {{"label", text("k")}}));
  EXPECT_EQ(rows.size(), 2u);
  EXPECT_THAT(rows.log(), HasSubstr("0 = a, 1 = b\n"));
}

TEST(CsvDataset, TakesColumnsByNameOrNumber) {
  const TemporaryFolder folder;
  const std::string file = folder.write("a.csv", "k;u;v;w\n0;1;2;3\n1;4;5;6\n");
  const OpenedDataset rows(
      "csv", csv(file, {{"delimiter", text(";")}, {"label", text("1")}, {"columns", {Scalar("w"), Scalar("2")}}}));
  EXPECT_EQ(rows.read<float>(0, {0, 1}), (Floats{3, 1, 6, 4}));
  EXPECT_EQ(rows.read<std::int64_t>(1, {0, 1}), (Labels{0, 1}));
}

TEST(CsvDataset, NeedsNoHeader) {
  const TemporaryFolder folder;
  const OpenedDataset rows("csv", csv(folder.write("a.csv", "1,0\n2,1\n"), {{"header", {Scalar(false)}}}));
  EXPECT_EQ(rows.read<float>(0, {0, 1}), (Floats{1, 2}));
}

TEST(CsvDataset, WarnsOfAHeaderThatLooksLikeData) {
  const TemporaryFolder folder;
  const OpenedDataset rows("csv", csv(folder.write("a.csv", "1,0\n2,1\n3,0\n")));
  EXPECT_EQ(rows.size(), 2u);
  EXPECT_THAT(rows.log(), HasSubstr("warning: "));
  EXPECT_THAT(rows.log(), HasSubstr("a.csv:1: the header looks like a row of data"));
}

TEST(CsvDataset, GivesNumbersToPredictForRegression) {
  const TemporaryFolder folder;
  const std::string file = folder.write("a.csv", "price,size\n10.5,1\n20,2\n");
  const OpenedDataset rows("csv", csv(file, {{"label", text("price")}, {"task", text("regression")}}));
  EXPECT_EQ(rows.read<float>(1, {0, 1}), (Floats{10.5, 20}));
  EXPECT_THAT(rows.dataset().fields()[1].shape, ElementsAre(1));
  EXPECT_EQ(std::get<std::string>(rows.fact("loss")), "mse");
  EXPECT_EQ(rows.dataset().facts().count("classes"), 0u);
}

TEST(CsvDataset, LearnsNothingFromHeldBackRows) {
  const TemporaryFolder folder;
  const auto opened = [&](const std::vector<std::uint64_t>& changed) {
    std::string rows = "x,k\n";
    for (std::uint64_t row = 0; row < 50; ++row) {
      const bool other = std::count(changed.begin(), changed.end(), row) > 0;
      rows += std::to_string(other ? 1000 + row : row * 37 % 50) + "," + std::to_string(row % 2) + "\n";
    }
    return std::make_unique<OpenedDataset>("csv", GivenOptions{{"path", text(folder.write("a.csv", rows))}});
  };
  const auto first = opened({});
  const auto& held_back = first->dataset().split("validation").indices;
  const auto& trained_on = first->dataset().split("train").indices;
  ASSERT_EQ(held_back.size(), 10u);
  const auto second = opened(held_back);
  EXPECT_EQ(second->read<float>(0, trained_on), first->read<float>(0, trained_on));
  EXPECT_NE(second->read<float>(0, held_back), first->read<float>(0, held_back));
}

TEST(CsvDataset, StandardizesEveryColumnButLeavesConstantOnesAtZero) {
  const TemporaryFolder folder;
  std::string lines = "x,c,k\n";
  for (int row = 0; row < 20; ++row) lines += row % 2 == 0 ? "1000001,7,0\n" : "1000003,7,1\n";
  auto options = csv(folder.write("a.csv", lines), {{"columns", {Scalar("x"), Scalar("c")}}});
  options["standardize"] = {Scalar(true)};
  const OpenedDataset rows("csv", options, {.stratify = ""});
  EXPECT_EQ(rows.read<float>(0, {0, 1}), (Floats{-1, 0, 1, 0}));
}

TEST(CsvDataset, NamesLineAndColumnOfAnInvalidNumber) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& field) {
    const std::string file = folder.write("a.csv", "x,age,k\n\"1\n\",2,0\n3," + field + ",1\n");
    // The first record is bad too unless its quoted line end is allowed: so leave x out.
    return refusal("csv", csv(file, {{"columns", {Scalar("age")}}}), BINADE_BAD_DATA);
  };
  EXPECT_THAT(refused("old"),
              HasSubstr("a.csv:4: column 2 (`age`): \"old\" is not a number; a finite number was expected"));
  EXPECT_THAT(refused("1.5x"), HasSubstr("a.csv:4: column 2 (`age`): \"1.5x\" is not a number"));
  EXPECT_THAT(refused(""), HasSubstr("a.csv:4: column 2 (`age`): the field is empty; a finite number was expected"));
  EXPECT_THAT(
      refused("nan"),
      HasSubstr("a.csv:4: column 2 (`age`): \"nan\" is a placeholder for a missing value; a finite number was"));
  EXPECT_THAT(refused("-inf"), HasSubstr("\"-inf\" is not finite; a finite number was expected"));
  EXPECT_THAT(refused("1e39"), HasSubstr("\"1e39\" is not finite in float32"));
  EXPECT_THAT(refused("1e999"), HasSubstr("\"1e999\" is not finite"));
}

TEST(CsvDataset, RefusesLabelsThatAreNotFiniteNumbers) {
  const TemporaryFolder folder;
  for (const char* label : {"inf", "-inf", "Infinity", "1e999"}) {
    EXPECT_THAT(refusal("csv", csv(folder.write("a.csv", "x,k\n1,0\n2," + std::string(label) + "\n")), BINADE_BAD_DATA),
                HasSubstr("a.csv:3: column 2 (`k`): \"" + std::string(label) +
                          "\" is not finite; a class name or finite number was"));
  }
  EXPECT_EQ(OpenedDataset("csv", csv(folder.write("a.csv", "x,k\n1,nano\n2,infra\n"))).size(), 2u);
}

TEST(CsvDataset, AsksForTheHeaderOptionWhenTheFirstRowIsText) {
  const TemporaryFolder folder;
  const std::string file = folder.write("a.csv", "x,k\n1,0\n2,1\n");
  EXPECT_THAT(
      refusal("csv", csv(file, {{"header", {Scalar(false)}}}), BINADE_BAD_DATA),
      HasSubstr(
          "a.csv:1: column 1 (`1`): \"x\" is not a number; a finite number was expected (is this line a header?"));
}

TEST(CsvDataset, NamesTheLineOfARowOfAnotherLength) {
  const TemporaryFolder folder;
  const auto refused = [&](const char* row) {
    return refusal("csv", csv(folder.write("a.csv", "x,y,k\n1,2,0\n" + std::string(row) + "\n")), BINADE_BAD_DATA);
  };
  EXPECT_THAT(refused("1,2"), HasSubstr("a.csv:3: 2 fields where the first line has 3: column 3 (`k`) is missing"));
  EXPECT_THAT(refused("1,2,0,"),
              HasSubstr("a.csv:3: 4 fields where the first line has 3: column 4 has no name; the last is 3 (`k`)"));
}

TEST(CsvDataset, NamesTheLineOfAQuoteThatDoesNotEnd) {
  const TemporaryFolder folder;
  const auto refused = [&](const char* rows) {
    return refusal("csv", csv(folder.write("a.csv", rows)), BINADE_BAD_DATA);
  };
  EXPECT_THAT(refused("x,k\n1,0\n2,\"1\n3,0\n"), HasSubstr("a.csv:3: column 2: its opening quote is never closed"));
  EXPECT_THAT(refused("x,k\n1,0\n\"2\" ,1\n"), HasSubstr("a.csv:3: column 1: text follows the closing quote"));
}

TEST(CsvDataset, NamesTheNearestColumnsWhenOneIsMissing) {
  const TemporaryFolder folder;
  const std::string file = folder.write("a.csv", "width,species,k\n1,2,0\n2,1,1\n");
  EXPECT_THAT(refusal("csv", csv(file, {{"label", text("speceis")}}), BINADE_NOT_FOUND),
              HasSubstr("there is no column `speceis` (`label`); columns, the most similar name first: `species`, "));
  EXPECT_THAT(refusal("csv", csv(file, {{"label", text("4")}}), BINADE_NOT_FOUND), HasSubstr("no column `4`"));
  EXPECT_THAT(refusal("csv", csv(file, {{"columns", {Scalar("0")}}}), BINADE_NOT_FOUND),
              HasSubstr("no column `0` (`columns`)"));
}

TEST(CsvDataset, RefusesTheLabelAmongTheFeatures) {
  const TemporaryFolder folder;
  const std::string file = folder.write("a.csv", "x,k\n0,1\n1,2\n");
  EXPECT_THAT(refusal("csv", csv(file, {{"columns", {Scalar("x"), Scalar("k")}}}), BINADE_INVALID_ARGUMENT),
              HasSubstr("column `k` is both the label and in `columns`"));
}

TEST(CsvDataset, RefusesFilesWithNothingToLearn) {
  const TemporaryFolder folder;
  const auto refused = [&](const char* content) {
    return refusal("csv", csv(folder.write("a.csv", content)), BINADE_BAD_DATA);
  };
  EXPECT_THAT(refused("\n \n"), HasSubstr("there are no feature columns"));
  EXPECT_THAT(refused(""), HasSubstr("a.csv: the file is empty"));
  EXPECT_THAT(refused("\xEF\xBB\xBF\r\n"), HasSubstr("a.csv: the file is empty"));
  EXPECT_THAT(refused("x,k\n"), HasSubstr("the file has a header but no rows"));
  EXPECT_THAT(refused("x,k\n1,yes\n2,yes\n"), HasSubstr("every row has the label \"yes\" (column `k`)"));
  EXPECT_THAT(refused("x;k\n1;0\n"), HasSubstr("there are no feature columns besides the label `x;k`"));
  EXPECT_THAT(refused("x,k\n1,\n"), HasSubstr("a.csv:2: column 2 (`k`): the field is empty; a class"));
  EXPECT_THAT(refusal("csv", csv(folder.path() / "none.csv"), BINADE_NOT_FOUND),
              HasSubstr("none.csv: cannot be read: No such file or directory"));
}

TEST(CsvDataset, RefusesADelimiterThatIsNotOneCharacter) {
  for (const char* delimiter : {"", ",,", "\"", "\n"}) {
    EXPECT_THAT(refusal("csv", csv("/any", {{"delimiter", text(delimiter)}}), BINADE_INVALID_ARGUMENT),
                HasSubstr("`delimiter` must be one character"));
  }
}

TEST(CsvDataset, SuggestsRegressionWhenNearlyEveryRowIsAClassOfItsOwn) {
  const TemporaryFolder folder;
  std::string rows = "x,price\n";
  for (int row = 0; row < 20; ++row) rows += "1," + std::to_string(row) + ".5\n";
  EXPECT_THAT(OpenedDataset("csv", csv(folder.write("a.csv", rows))).log(),
              HasSubstr("column `price` has 20 different values in 20 rows; to predict a number, set task"));
}

TEST(CsvDataset, ReadsTheExperimentsOwnData) {
  const OpenedDataset rows("csv", csv(std::string(BINADE_SOURCE_DIR) + "/experiments/data/spirals.csv"));
  EXPECT_EQ(rows.size(), 2100u);
  EXPECT_EQ(std::get<std::int64_t>(rows.fact("classes")), 3);
  EXPECT_THAT(rows.log(), Not(HasSubstr("warning")));
}

}  // namespace
}  // namespace binade::host
