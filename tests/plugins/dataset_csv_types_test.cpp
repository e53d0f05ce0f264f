// The types of the csv dataset's columns: inferred, declared, and as inputs of a model.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "tests/plugins/opened_dataset.h"

namespace binade::host {
namespace {

using namespace std::string_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Floats = std::vector<float>;
using Integers = std::vector<std::int64_t>;

class CsvTypes : public testing::Test {
 protected:
  // A file with these rows, several times over, and a label `k`; without standardization.
  GivenOptions file(const std::string& header, const std::vector<std::string>& rows) const {
    std::string text = header + ",k\n";
    for (int i = 0; i < 40; ++i)
      text += rows[static_cast<std::size_t>(i) % rows.size()] + (i % 3 == 0 ? ",a\n" : ",b\n");
    return {{"path", host::text(folder_.write("a.csv", text))}, {"standardize", {Scalar(false)}}};
  }
  static GivenOptions with(GivenOptions options, const std::string& name, std::vector<Scalar> value) {
    options[name] = std::move(value);
    return options;
  }
  static std::string refused(const GivenOptions& options) { return refusal("csv", options, BINADE_BAD_DATA); }

  TemporaryFolder folder_;
};

TEST_F(CsvTypes, AreInferredFromAllValuesAndToldInOneLine) {
  const OpenedDataset data("csv", file("n,c,d,b,zip", {"1.5,red,2024-01-02,yes,1", "2,blue,1970-01-01,no,2"}));
  EXPECT_EQ(data.read<float>(0, {0, 1}), (Floats{1.5, 0, 1, 19724, 1, 1, 2, 1, 0, 0, 0, 2}));
  EXPECT_THAT(data.log(), HasSubstr("info: 6 columns: 2 numeric, 1 boolean, 1 categorical (one-hot, 2 values), 1 date, "
                                    "1 label\n"));
  EXPECT_EQ(std::get<std::int64_t>(data.fact("features")), 6);
  EXPECT_THAT(data.log(), Not(HasSubstr("warning")));
}

TEST_F(CsvTypes, AreThoseOfLaterRowsToo) {
  std::string rows = "x,k\n";
  for (int row = 0; row < 30'000; ++row)
    rows += (row < 25'000 ? "," : row % 2 == 0 ? "up," : "down,") + std::to_string(row % 2) + "\n";
  const OpenedDataset data("csv", {{"path", text(folder_.write("a.csv", rows))}});
  EXPECT_EQ(data.read<float>(0, {0, 25'000, 25'001}), (Floats{0, 0, 1, 0, 1, 0, 1, 0, 0}));
}

TEST_F(CsvTypes, AreDeclaredByNameNumberOrGlob) {
  const auto options = file("zip,zip_of_friend,on", {"1,7,0", "10,7,1", "2,8,1"});
  auto given = with(options, "categorical", {Scalar("zip*"), Scalar("3")});
  EXPECT_EQ(OpenedDataset("csv", given).read<float>(0, {0, 1}), (Floats{1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1}));
  given = with(with(options, "categorical", {Scalar("zip*")}), "numeric", text("zip"));
  given["boolean"] = text("on");
  EXPECT_EQ(OpenedDataset("csv", given).read<float>(0, {1}), (Floats{10, 1, 0, 1}));
  given["boolean"] = text("zip");
  EXPECT_THAT(refusal("csv", given, BINADE_INVALID_ARGUMENT),
              HasSubstr("column `zip` is in `boolean` and in another list of types: a column has one type"));
  EXPECT_THAT(refusal("csv", with(options, "numeric", text("zap*")), BINADE_NOT_FOUND),
              HasSubstr("no column matches `zap*` (`numeric`); columns, the most similar name first: `zip`"));
}

TEST_F(CsvTypes, LeaveColumnsOutThatAreIgnored) {
  const auto options = file("id,temp_a,temp_b,x", {"7,1,2,3", "9,4,5,6"});
  EXPECT_EQ(OpenedDataset("csv", with(options, "ignore", {Scalar("id"), Scalar("temp_*")})).read<float>(0, {0, 1}),
            (Floats{3, 6}));
  EXPECT_EQ(OpenedDataset("csv", with(options, "columns", {Scalar("x"), Scalar("temp_?")})).read<float>(0, {0}),
            (Floats{3, 1, 2}));
  EXPECT_THAT(refused(with(options, "ignore", text("*"))), HasSubstr("there are no feature columns"));
  EXPECT_THAT(refusal("csv", with(options, "ignore", text("k")), BINADE_INVALID_ARGUMENT),
              HasSubstr("column `k` is both the label and in `ignore`"));
}

TEST_F(CsvTypes, AreAnErrorWhereNumbersAndTextsMix) {
  EXPECT_THAT(refused(file("x", {"1", "2", "three"})),
              AllOf(HasSubstr("a.csv:4: column 1 (`x`): \"three\" is not a number; a finite number was expected ("),
                    HasSubstr("27 of 40 values are numbers; add the others to `missing`")));
  EXPECT_THAT(
      refused(file("x", {"2024-01-02", "2024-02-30"})),
      HasSubstr("a.csv:3: column 1 (`x`): \"2024-02-30\" is not a date; a date such as 2024-01-31 was expected"));
  const OpenedDataset cars("csv", file("car", {"500", "Golf", "A4"}));
  EXPECT_THAT(cars.log(), HasSubstr("warning: "));
  EXPECT_THAT(cars.log(), HasSubstr("a.csv: column `car` is taken as categorical, but some of the values are numbers"));
}

TEST_F(CsvTypes, OfDatesAcceptTheCommonForms) {
  for (const auto& [date, days] :
       {std::pair("2024-03-01", 19783.F), std::pair("2024/02/29", 19782.F), std::pair("01.03.2024", 19783.F),
        std::pair("2024-03-01T06:00:00Z", 19783.25F), std::pair("2024-03-01 01:00+02:00", 19782.958F),
        std::pair("1900-03-01", -25508.F), std::pair("13/03/2024", 19795.F), std::pair("03/13/2024", 19795.F)}) {
    EXPECT_NEAR(OpenedDataset("csv", file("d", {date})).read<float>(0, {0})[0], days, .01) << date;
  }
  for (const char* text : {"2023-02-29", "2024-13-01", "2024-1", "01-02-2024", "2024-03-01T25:00", "2024-03-01x"}) {
    EXPECT_THAT(OpenedDataset("csv", file("d", {text})).log(), HasSubstr("1 categorical")) << text;
  }
}

TEST_F(CsvTypes, OfDatesAreRefusedWhereMonthAndDayAreAmbiguous) {
  const auto options = file("d", {"01/02/2024", "11/12/2024"});
  EXPECT_THAT(refused(options), HasSubstr("a.csv: column `d` has dates such as 01/02/2024, which may be January 2 or "
                                          "February 1: set date_format = \"%m/%d/%Y\" or"));
  EXPECT_EQ(OpenedDataset("csv", with(options, "date_format", text("%m/%d/%Y"))).read<float>(0, {0}), (Floats{19724}));
  EXPECT_EQ(OpenedDataset("csv", with(options, "date_format", text("%d/%m/%Y"))).read<float>(0, {0}), (Floats{19754}));
  EXPECT_EQ(OpenedDataset("csv", file("d", {"01/02/2024", "31/12/2024"})).read<float>(0, {0}), (Floats{19754}));
  EXPECT_EQ(
      OpenedDataset("csv", with(file("d", {"2 Jan 24 6h"}), "date_format", text("%d %b %y %Hh"))).read<float>(0, {0}),
      (Floats{19724.25}));
  EXPECT_THAT(refusal("csv", with(options, "date_format", text("%d/%q")), BINADE_INVALID_ARGUMENT),
              HasSubstr("`date_format` = \"%d/%q\" has an unknown code: write it with %Y"));
}

TEST_F(CsvTypes, OfCategoriesMayBeIntegersForAnEmbedding) {
  const auto options = file("c,x,e", {"red,1,u", "blue,2,", "red,3,v"});
  const OpenedDataset data("csv", with(options, "categorical_encoding", text("integer")));
  EXPECT_EQ(data.read<float>(0, {0, 1, 2}), (Floats{1, 2, 3}));
  // 0: unknown, 1: blue, 2: red; 3: unknown, 4: u, 5: v
  EXPECT_EQ(data.read<std::int64_t>(1, {0, 1, 2}), (Integers{2, 4, 1, 3, 2, 5}));
  EXPECT_EQ(data.dataset().fields()[1].name, "categories");
  EXPECT_THAT(data.dataset().fields()[1].shape, ElementsAre(2));
  EXPECT_EQ(std::get<std::int64_t>(data.fact("categories")), 6);
  EXPECT_EQ(std::get<std::int64_t>(data.fact("features")), 1);
  const OpenedDataset only("csv", with(file("c", {"red", "blue"}), "categorical_encoding", text("integer")));
  EXPECT_EQ(only.dataset().fields()[0].name, "categories");
  EXPECT_EQ(only.read<std::int64_t>(0, {0, 1}), (Integers{2, 1}));
}

TEST_F(CsvTypes, OfCategoriesThatCannotHelpAreNamed) {
  std::vector<std::string> rows;
  for (int i = 0; i < 40; ++i) rows.push_back(fmt::format("name{},same", i));
  const auto log = OpenedDataset("csv", file("n,c", rows)).log();
  EXPECT_THAT(log, HasSubstr("a.csv: column `n` is categorical with a different value in most training rows"));
  EXPECT_THAT(log, HasSubstr("a.csv: column `c` has the same value in every training row"));
}

TEST_F(CsvTypes, HaveNoPlaceForACategoryThatTrainingNeverSees) {
  std::string rows = "c,k\n";
  for (int row = 0; row < 50; ++row) rows += (row % 2 == 0 ? "red," : "blue,") + std::to_string(row % 2) + "\n";
  const GivenOptions options{{"path", text(folder_.write("a.csv", rows))}};
  const auto held_back = OpenedDataset("csv", options).dataset().split("validation").indices.front();
  rows = "c,k\n";
  for (std::uint64_t row = 0; row < 50; ++row) {
    rows += (row == held_back ? "green," : row % 2 == 0 ? "red," : "blue,") + std::to_string(row % 2) + "\n";
  }
  folder_.write("a.csv", rows);
  const OpenedDataset data("csv", options);
  EXPECT_EQ(data.read<float>(0, {held_back}), (Floats{0, 0}));
  EXPECT_THAT(data.log(),
              HasSubstr("a.csv: column `c` has categories that no training row has (in 1 cell of other rows)"));
  EXPECT_EQ(
      OpenedDataset("csv", with(options, "categorical_encoding", text("integer"))).read<std::int64_t>(0, {held_back}),
      (Integers{0}));
}

TEST_F(CsvTypes, OfSeveralLabels) {
  const auto file = folder_.write("a.csv", "x,u,v,w\n1,0,1,yes\n2,1,0,no\n3,1,1,yes\n");
  GivenOptions options{{"path", text(file)}, {"labels", {Scalar("u"), Scalar("w")}}, {"task", text("multilabel")}};
  const OpenedDataset data("csv", options);
  EXPECT_EQ(data.read<float>(1, {0, 1, 2}), (Floats{0, 1, 1, 0, 1, 1}));
  EXPECT_EQ(std::get<std::int64_t>(data.fact("classes")), 2);
  options["task"] = text("regression");
  options["labels"] = {Scalar("u"), Scalar("v")};
  EXPECT_EQ(OpenedDataset("csv", options).read<float>(1, {0, 1}), (Floats{0, 1, 1, 0}));
  options["task"] = text("classification");
  EXPECT_THAT(refusal("csv", options, BINADE_INVALID_ARGUMENT), HasSubstr("`labels` has several columns"));
  options["task"] = text("multilabel");
  options["labels"] = text("x");
  EXPECT_THAT(refused(options),
              HasSubstr("a.csv: column `x` is not boolean: its values are \"1\", \"2\", \"3\"; expected"));
  options["label"] = text("x");
  EXPECT_THAT(refusal("csv", options, BINADE_INVALID_ARGUMENT), HasSubstr("set `label` or `labels`, not both"));
}

TEST_F(CsvTypes, DoNotMatterForColumnsToGroupOrStratifyBy) {
  std::string rows = "customer,x,k\n";
  for (int row = 0; row < 60; ++row) rows += fmt::format("c{},{},{}\n", row * 7 % 20, row * row % 17, row % 2);
  const GivenOptions options{{"path", text(folder_.write("a.csv", rows))}, {"ignore", text("customer")}};
  const OpenedDataset data("csv", options, {.group_by = "customer"});
  std::set<std::uint64_t> trained_on;
  for (const auto row : data.dataset().split("train").indices) trained_on.insert(row * 7 % 20);
  const auto& held_back = data.dataset().split("validation").indices;
  ASSERT_FALSE(held_back.empty());
  for (const auto row : held_back) EXPECT_EQ(trained_on.count(row * 7 % 20), 0u) << row;
  // By value: 1 and 1.0 are one group.
  for (const char* column : {"", "k", "x", "2"}) EXPECT_NO_THROW(OpenedDataset("csv", options, {.stratify = column}));
  try {
    const OpenedDataset none("csv", options, {.group_by = "client"});
    ADD_FAILURE() << "there is no such column";
  } catch (const PluginError& error) {
    EXPECT_EQ(error.status(), BINADE_INVALID_ARGUMENT);
    EXPECT_THAT(error.what(),
                HasSubstr("there is no column `client` (`split`); columns, the most similar name first: "));
  }
}

TEST_F(CsvTypes, StratifyNumbersByTheirValueHoweverTheyAreWritten) {
  std::string alike = "x,k\n", different = alike;
  for (std::uint64_t i = 1; i <= 10; ++i) {
    alike += fmt::format("{0},a\n{0}.0,b\n", i);
    // As doubles, these two are equal.
    different += fmt::format("{},a\n{},b\n", 9007199254740992 + 4 * i, 9007199254740992 + 4 * i + 1);
  }
  const auto stratified = [&](const std::string& rows) {
    const GivenOptions options{{"path", text(folder_.write("a.csv", rows))}};
    const OpenedDataset data("csv", options, {.stratify = "x"});
  };
  EXPECT_NO_THROW(stratified(alike));
  EXPECT_THROW(stratified(different), std::runtime_error) << "each stratum has one row";
}

TEST_F(CsvTypes, OfNumbersTooSmallForAFloatBecomeZero) {
  EXPECT_EQ(OpenedDataset("csv", file("x", {"1e-60", "1e-999"})).read<float>(0, {0, 1}), (Floats{0, 0}));
}

TEST_F(CsvTypes, OfBooleansAreNotStandardized) {
  const auto options = with(file("b", {"no", "yes", "no"}), "standardize", {Scalar(true)});
  EXPECT_EQ(OpenedDataset("csv", options).read<float>(0, {0, 1}), (Floats{0, 1}));
}

TEST_F(CsvTypes, OfNumbersAreRefusedWhereOneIsTooFarFromThoseOfTraining) {
  auto options = with(file("x", {"1e-30", "2e-30"}), "standardize", {Scalar(true)});
  const auto held_back = OpenedDataset("csv", options).dataset().split("validation").indices.front();
  std::vector<std::string> rows(40, "1e-30");
  rows[held_back] = "1e200";
  EXPECT_THAT(refused(with(file("x", rows), "standardize", {Scalar(true)})),
              HasSubstr(fmt::format("a.csv: column `x`: the number 1e+200 in row {} is too far from the training rows' "
                                    "mean",
                                    held_back + 1)));
}

}  // namespace
}  // namespace binade::host
