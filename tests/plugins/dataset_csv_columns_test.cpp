// The columns of the csv dataset: statistics, missing values, labels, and suspicious columns.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numeric>

#include "tests/plugins/opened_dataset.h"

namespace binade::host {
namespace {

using namespace std::string_literals;
using testing::AllOf;
using testing::Each;
using testing::FloatNear;
using testing::HasSubstr;
using testing::Not;
using testing::Pointwise;
using Floats = std::vector<float>;

constexpr std::size_t row_count = 88;

class CsvColumns : public testing::Test {
 protected:
  // A file with one column `x` and alternating labels.
  GivenOptions column(const std::function<std::string(std::size_t row)>& field, bool standardize = true) const {
    std::string rows = "x,k\n";
    for (std::size_t row = 0; row < row_count; ++row) rows += field(row) + (row % 2 == 0 ? ",a\n" : ",b\n");
    return file(rows, standardize);
  }
  GivenOptions file(const std::string& content, bool standardize = true) const {
    return {{"path", text(folder_.write("a.csv", content))}, {"standardize", {Scalar(standardize)}}};
  }
  static Floats values(const GivenOptions& options) {
    std::vector<std::uint64_t> rows(row_count);
    std::iota(rows.begin(), rows.end(), 0);
    return OpenedDataset("csv", options).read<float>(0, rows);
  }
  // So many rows that some of each kind are trained on.
  static std::string repeated(const std::string& rows) { return rows + rows + rows + rows; }
  static std::string log(const GivenOptions& options) { return OpenedDataset("csv", options).log(); }

  TemporaryFolder folder_;
};

TEST_F(CsvColumns, StayApartThoughTheirNumbersAreLarge) {
  struct Case {
    double offset, step;
    int digits;
  };
  // Seconds since 1970, minutes as YYYYMMDDhhmm, and metres to the millimetre: equal numbers in float32.
  for (const auto& [offset, step, digits] : {Case{1.7e9, .25, 2}, Case{202601010000., 1, 0}, Case{5512345, .001, 3}}) {
    const auto spread = [&, step = step, digits = digits](double from) {
      return values(column([&](std::size_t row) {
        return fmt::format("{:.{}f}", from + step * static_cast<double>(row * 37 % row_count), digits);
      }));
    };
    EXPECT_THAT(spread(offset), Pointwise(FloatNear(2e-6F), spread(0))) << offset;
  }
}

TEST_F(CsvColumns, AreStandardizedAtTheEndsOfTheRangeOfDoubles) {
  const auto plain = values(column([](std::size_t row) { return std::to_string(row); }));
  for (const char* exponent : {"e-300", "e-40", "e200", "e306"}) {
    const auto scaled = values(column([&](std::size_t row) { return std::to_string(row) + exponent; }));
    EXPECT_THAT(scaled, Pointwise(FloatNear(1e-6F), plain)) << exponent;
  }
  EXPECT_THAT(refusal("csv", column([](std::size_t) { return "1e39"; }, false), BINADE_BAD_DATA),
              HasSubstr("\"1e39\" is not finite in float32"));
}

TEST_F(CsvColumns, BecomeZeroWhereTheyAreConstantAndAreNamed) {
  // The sum of 88 times 0.1 is not 8.8: the rounding error must not count as a deviation.
  const auto options = column([](std::size_t) { return "0.1"; });
  EXPECT_THAT(values(options), Each(0));
  EXPECT_THAT(log(options), HasSubstr("warning: "));
  EXPECT_THAT(log(options), HasSubstr("a.csv: column `x` has the same value in every training row"));
  EXPECT_THAT(log(column([](std::size_t row) { return row == 7 ? "0.2" : "0.1"; })), Not(HasSubstr("warning")));
}

TEST_F(CsvColumns, AreNamedInOneWarningOfAKind) {
  std::string rows = "a,b,c,k\n";
  for (int row = 0; row < 6; ++row) rows += fmt::format("7,8,{},{}\n", row % 3, row % 2);
  const auto told = log(file(rows));
  EXPECT_THAT(told, HasSubstr("columns `a` and `b` have the same value in every training row"));
  EXPECT_EQ(told.find("warning"), told.rfind("warning"));
}

TEST_F(CsvColumns, AreNamedWhereFloatsCannotTellTheirNumbersApart) {
  const auto times = [](std::size_t row) { return fmt::format("{:.2f}", 1.7e9 + .25 * static_cast<double>(row)); };
  EXPECT_THAT(
      log(column(times, false)),
      HasSubstr("a.csv: column `x` loses precision in float32: in the first one, 71 different numbers become 1: "
                "set standardize = true"));
  EXPECT_THAT(log(column(times)), Not(HasSubstr("warning")));
  // With one outlier, the other numbers are equal even after standardization.
  const auto far = [](std::size_t row) { return row == 5 ? std::string("1e20") : fmt::format("{}.5", row * 37 % 88); };
  EXPECT_THAT(log(column(far)), HasSubstr("71 different numbers become 2: an outlier"));
}

TEST_F(CsvColumns, AreNotNamedForTheLastDigitsOfADouble) {
  EXPECT_THAT(log(column([](std::size_t row) {
                return row % 3 == 0 ? "0.3" : row % 3 == 1 ? "0.30000000000000004" : "1.2246467991473532e-16";
              })),
              Not(HasSubstr("warning")));
  EXPECT_THAT(log(column([](std::size_t row) { return fmt::format("{}", std::sin(double(row))); })),
              Not(HasSubstr("warning")));
}

TEST_F(CsvColumns, AreNamedWhereDoublesCannotTellTheirNumbersApart) {
  const auto told = HasSubstr("column `x` has integers with more digits than a double holds");
  for (const char* start : {"900719925474099", "1234567890123456789", "-900719925474099"}) {
    EXPECT_THAT(log(column([&](std::size_t row) { return fmt::format("{}{:02}", start, row); })), told) << start;
  }
  for (const char* start : {"12345678901234", "1000000000000000000e", "1.000000000000000000"}) {
    EXPECT_THAT(log(column([&](std::size_t row) { return fmt::format("{}{:02}", start, row * 31 % 53); })), Not(told));
  }
}

TEST_F(CsvColumns, OfNumbersToPredictAreNamedWhereFloatsCannotTellThemApart) {
  std::string rows = "x,y\n";
  for (int row = 0; row < 10; ++row) rows += fmt::format("{},{}\n", row * row, 1700000000 + row);
  auto options = file(rows);
  options["task"] = text("regression");
  EXPECT_THAT(log(options), HasSubstr("the label `y`: 8 different numbers become 1 in float32"));
}

TEST_F(CsvColumns, AreNamedWhereTheyCountTheRows) {
  const auto counts = HasSubstr("column `x` counts the rows");
  EXPECT_THAT(log(column([](std::size_t row) { return std::to_string(row); })), counts);
  EXPECT_THAT(log(column([](std::size_t row) { return std::to_string(row + 1) + ".0"; })), counts);
  EXPECT_THAT(log(column([](std::size_t row) { return std::to_string(row * 37 % row_count); })), counts);
  EXPECT_THAT(log(column([](std::size_t row) { return std::to_string(row * 37 % 64); })), Not(HasSubstr("warning")));
  EXPECT_THAT(log(column([](std::size_t row) { return std::to_string(row * .25); })), Not(HasSubstr("warning")));
  auto options = column([](std::size_t row) { return std::to_string(row); });
  options["columns"] = text("x");
  EXPECT_THAT(log(options), Not(HasSubstr("warning")));
}

TEST_F(CsvColumns, AreNamedWhereTheyHaveNoName) {
  const auto told = log(file(",x,k\n17,5,a\n4,3,b\n9,1,a\n"));
  EXPECT_THAT(told, HasSubstr("a.csv:1: some columns have no name and are called `Unnamed: 0`; if a program added"));
  EXPECT_THAT(log(file(",x,k\n0,5,a\n1,3,b\n2,1,a\n3,7,b\n4,2,b\n")), HasSubstr("column `Unnamed: 0` counts the rows"));
}

TEST_F(CsvColumns, AreNamedWhereTwoHaveOneName) {
  EXPECT_THAT(log(file("x,y,x,k\n5,1,2,a\n3,2,5,b\n")),
              HasSubstr("a.csv:1: some columns have the same name as an earlier one and are called `x.1`:"));
  EXPECT_THAT(log(file("x,k,k\n5,1,a\n3,2,b\n")), HasSubstr("are called `k.1`:"));
}

TEST_F(CsvColumns, AreAllOneWhereTheDelimiterIsAnother) {
  for (const auto& [content, delimiter] :
       {std::pair("x;y;k\n1,5;2,5;a\n", ";"), std::pair("x\ty\tk\n1\t2\ta\n", "\\t"), std::pair("x|k\n1|a\n", "|")}) {
    EXPECT_THAT(refusal("csv", file(content), BINADE_BAD_DATA),
                HasSubstr(fmt::format("fields seem to be separated by \"{0}\": set delimiter = \"{0}\"", delimiter)));
  }
  auto labelled = file("x;y;k\n1;2;a\n");
  labelled["label"] = text("k");
  EXPECT_THAT(refusal("csv", labelled, BINADE_BAD_DATA), HasSubstr("set delimiter = \";\""));
  EXPECT_THAT(refusal("csv", file("x (a,b);y;k\n1;2;a\n"), BINADE_BAD_DATA),
              HasSubstr("1 field where the first line has 2: column 2 (`b);y;k`) is missing; or fields seem to be"));
}

TEST_F(CsvColumns, SayHowToWriteANumber) {
  const auto refused = [&](const char* field) {
    return refusal("csv", file("x,k\n1,a\n"s + field + ",b\n"), BINADE_BAD_DATA);
  };
  EXPECT_THAT(
      refused("\"1,5\""),
      HasSubstr("\"1,5\" is not a number: commas between digits are not supported; write 1234.5, or set decimal"));
  EXPECT_THAT(refused("\"1,234.5\""), HasSubstr("commas between digits are not supported; write 1234.5"));
  EXPECT_THAT(refused("1 234"), HasSubstr("is not a number: digit separators are not supported"));
  EXPECT_THAT(refused("5%"), HasSubstr("is not a number: write it without the percent sign"));
  EXPECT_THAT(refused("0x1F"), HasSubstr("is not a number: hexadecimal"));
  EXPECT_THAT(refused("1;2"), HasSubstr("is not a number: is `delimiter` right?"));
  EXPECT_THAT(refused("+-5"), HasSubstr("\"+-5\" is not a number"));
  EXPECT_THAT(refused("1e5e"), HasSubstr("\"1e5e\" is not a number; a finite number"));
}

TEST_F(CsvColumns, AreTakenForDataWhereTheHeaderIsNumbersBesideTheLabel) {
  EXPECT_THAT(log(file("1.5,2,a\n3,4,b\n5,1,a\n")), HasSubstr("a.csv:1: the header looks like a row of data"));
  EXPECT_THAT(log(file("country,1990,k\n3,4,b\n5,1,a\n9,2,b\n1,8,a\n")), Not(HasSubstr("warning")));
}

TEST_F(CsvColumns, QuoteNoHalfOfACharacter) {
  std::string name(39, 'x');
  for (int i = 0; i < 20; ++i) name += "\u20AC";
  EXPECT_THAT(refusal("csv", file("x,k\n1,a\n" + name + ",b\n"), BINADE_BAD_DATA),
              HasSubstr("\"" + std::string(39, 'x') + "\" is not a number"));
}

TEST_F(CsvColumns, MissAValueInTheSameWaysAsFeaturesAndAsLabels) {
  for (const char* mark : {"NA", "N/A", "null", "NULL", "None", "?", "nan", "NaN", "-nan", " NA ", "<NA>"}) {
    const auto feature = file("x,k\n1,a\n" + std::string(mark) + ",b\n");
    EXPECT_THAT(refusal("csv", feature, BINADE_BAD_DATA),
                testing::AllOf(HasSubstr("a.csv:3: column 1 (`x`): \""),
                               HasSubstr("\" is a placeholder for a missing value; a finite number was expected")));
    const auto label = file("x,k\n1,a\n2," + std::string(mark) + "\n");
    EXPECT_THAT(refusal("csv", label, BINADE_BAD_DATA),
                testing::AllOf(
                    HasSubstr("a.csv:3: column 2 (`k`): \""),
                    HasSubstr("\" is a placeholder for a missing value; a class name or finite number was expected")));
  }
  EXPECT_THAT(log(file("x,k\n1,nano\n2,infra\n3,Nana\n4,none\n")), HasSubstr("4 classes"));
}

TEST_F(CsvColumns, TakeAMarkAsAClassWhereTheExperimentListsOthers) {
  auto options = file("x,k\n1,NA\n2,EU\n3,-99\n");
  options["missing"] = {Scalar("-99")};
  EXPECT_THAT(refusal("csv", options, BINADE_BAD_DATA),
              HasSubstr("a.csv:4: column 2 (`k`): \"-99\" is a placeholder for"));
  options["missing"] = {Scalar("?")};
  EXPECT_THAT(log(options), HasSubstr("3 classes: 0 = -99, 1 = EU, 2 = NA"));
}

TEST_F(CsvColumns, AreWarnedOfWhereOneNumberIsSeveralLabels) {
  const auto told = log(file("x,k\n5,0\n2,0.0\n3,01\n4,1\n1,1e0\n9,2\n"));
  EXPECT_THAT(told, HasSubstr("column `k`: the labels \"0\" and \"0.0\" are the same number but different classes"));
  EXPECT_THAT(told, HasSubstr("the labels \"01\", \"1\" and \"1e0\" are the same number"));
  EXPECT_THAT(log(file("x,k\n" + repeated("5,0\n2,1\n3,one\n4,10\n"))), Not(HasSubstr("warning")));
}

TEST_F(CsvColumns, AreWarnedOfWhereOneWordIsSeveralLabels) {
  EXPECT_THAT(log(file("x,k\n5,Yes\n2,yes\n3,YES\n4,No\n")),
              HasSubstr("column `k`: the labels \"YES\", \"Yes\" and \"yes\" differ only in capitalization"));
  EXPECT_THAT(log(file("x,k\n" + repeated("5,a\n2,A\n3,b\n4,B\n"))), Not(HasSubstr("warning")));
}

TEST_F(CsvColumns, OfNumbersToPredictAreNamedWhereTheyAreConstant) {
  auto options = file("x,y\n5,7\n2,7\n1,7\n");
  options["task"] = text("regression");
  EXPECT_THAT(log(options), HasSubstr("column `y` has the same value in every training row"));
}

TEST_F(CsvColumns, AreNamedWholeInARefusalThoughTheExperimentsTextHasANul) {
  auto options = column([](std::size_t row) { return std::to_string(row); });
  for (const char* option : {"label", "columns"}) {
    auto given = options;
    given[option] = text("a\0b\33"s);
    EXPECT_THAT(refusal("csv", given, BINADE_NOT_FOUND),
                AllOf(HasSubstr(R"(no column `a\u0000b\u001b`)"), HasSubstr("the most similar name first: `")))
        << option;
  }
}

}  // namespace
}  // namespace binade::host
