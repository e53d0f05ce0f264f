// The forms of CSV files: delimiters, decimal commas, encodings, bad rows, damage, and reading in several parts.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "plugins/datasets/csv_blocks.h"
#include "tests/plugins/opened_dataset.h"

namespace binade::host {
namespace {

using namespace std::string_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Floats = std::vector<float>;

class CsvForms : public testing::Test {
 protected:
  GivenOptions file(const std::string& content, GivenOptions more = {}) const {
    more.insert({{"path", text(folder_.write("a.csv", content))}, {"standardize", {Scalar(false)}}});
    return more;
  }
  std::string refused(const std::string& content, const GivenOptions& more = {}) const {
    return refusal("csv", file(content, more), BINADE_BAD_DATA);
  }

  TemporaryFolder folder_;
};

TEST_F(CsvForms, FindTheDelimiter) {
  for (const auto& [content, numbers] :
       {std::pair("x;y;k\n1,5;2;a\n3;4;b\n", Floats{1.5, 2}), std::pair("x\ty\tk\n1\t2\ta\n3\t4\tb\n", Floats{1, 2}),
        std::pair("x,y,k\n\"1\",2,a\n3,4,b;c;d;e;f\n", Floats{1, 2})}) {
    const auto decimal = std::string(content).find("1,5") == std::string::npos ? "." : ",";
    EXPECT_EQ(OpenedDataset("csv", file(content, {{"delimiter", text("auto")}, {"decimal", text(decimal)}}))
                  .read<float>(0, {0}),
              numbers)
        << content;
  }
  EXPECT_THAT(refused("x\n1\n", {{"delimiter", text("auto")}}),
              HasSubstr("no common delimiter divides the first lines"));
}

TEST_F(CsvForms, TakeADecimalComma) {
  const GivenOptions german{{"delimiter", text(";")}, {"decimal", text(",")}};
  EXPECT_EQ(OpenedDataset("csv", file("x;k\n-1,25;a\n2;b\n1e3;a\n", german)).read<float>(0, {0, 1, 2}),
            (Floats{-1.25, 2, 1000}));
  EXPECT_THAT(
      refused("x;k\n1,5;a\n1.234,5;b\n", german),
      HasSubstr("a.csv:3: column 1 (`x`): \"1.234,5\" is not a number: points are not supported where decimal"));
  EXPECT_THAT(refused("x;k\n1,5;a\n1.5;b\n", german), HasSubstr("\"1.5\" is not a number: points are not supported"));
}

TEST_F(CsvForms, AreDecoded) {
  const auto content = "caf\xE9,k\n1,Gr\xFC\xDF\n2,b\n"s;
  EXPECT_THAT(refused(content), HasSubstr("a.csv:1: is not valid UTF-8: set encoding = \"latin-1\""));
  EXPECT_THAT(refused("x,k\n1,a\n2,\xFF\n"), HasSubstr("a.csv:3: is not valid UTF-8"));
  const OpenedDataset data("csv", file(content, {{"encoding", text("latin-1")}, {"columns", text("caf\u00E9")}}));
  EXPECT_THAT(data.log(), HasSubstr("0 = Gr\u00FC\u00DF"));
}

TEST_F(CsvForms, LeaveBadRowsOutIfAsked) {
  std::string rows = "x,y,k\n";
  for (int row = 0; row < 30; ++row) rows += fmt::format("{},{},{}\n", row % 7, row % 5, row % 2);
  const auto good = rows;
  rows += "1,2\n" + "\"3\" x,\"4\n5\",1\n"s + "1,2,0,9\n" + "6,\"7\n8\",1\n" + "6,4,1\n";
  EXPECT_THAT(refused(rows), HasSubstr("a.csv:32: 2 fields where the first line has 3"));
  EXPECT_THAT(refused(rows, {{"on_bad_row", text("skip")}}),
              HasSubstr("a.csv:36: column 2 (`y`): \"7\\n8\" is not a number"));
  const auto skipped = good + "1,2\n" + "\"3\" x,\"4\n5\",1\n"s + "1,2,0,9\n" + "6,4,1\n";
  const OpenedDataset data("csv", file(skipped, {{"on_bad_row", text("skip")}}));
  EXPECT_EQ(data.size(), 31u);
  EXPECT_EQ(data.read<float>(0, {30}), (Floats{6, 4}));
  EXPECT_THAT(data.log(), HasSubstr("a.csv: skipped 3 bad rows; the first one: "));
  EXPECT_THAT(data.log(), HasSubstr("a.csv:32: 2 fields where"));
  EXPECT_THAT(refused("x,k\n1\n2\n", {{"on_bad_row", text("skip")}}),
              HasSubstr("a.csv: all 2 rows are bad; the first one: "));
  EXPECT_THAT(refused(good + "1,\"2,0\n", {{"on_bad_row", text("skip")}}),
              HasSubstr("a.csv:32: column 2: its opening quote"));
}

TEST_F(CsvForms, MayHaveRepeatedAndEmptyNamesWhichAreMadeDifferentAsPandasDoes) {
  const auto content = "k,x,k,,k.1,k\n0,1,2,3,4,5\n1,6,7,8,9,10\n";
  const GivenOptions columns{{"label", text("k")},
                             {"columns", {Scalar("Unnamed: 3"), Scalar("k.1"), Scalar("k.2"), Scalar("k.3")}}};
  const OpenedDataset rows("csv", file(content, columns));
  EXPECT_EQ(rows.read<float>(0, {0, 1}), (Floats{3, 4, 2, 5, 8, 9, 7, 10}));
  EXPECT_THAT(rows.log(), HasSubstr("a.csv:1: some columns have the same name as an earlier one and are called `k.2`, "
                                    "`k.3`: "));
  EXPECT_THAT(rows.log(), HasSubstr("a.csv:1: some columns have no name and are called `Unnamed: 3`"));
}

TEST_F(CsvForms, NameDamage) {
  EXPECT_THAT(refused("x,y,k\n1,2,a\n1,2,b\n1,"), HasSubstr("a.csv:4: 2 fields where the first line has 3"));
  EXPECT_THAT(refused("x,k\n"), HasSubstr("a.csv: the file has a header but no rows"));
  EXPECT_THAT(refused("x,k\n1,a\n2,a\n"), HasSubstr("every row has the label \"a\""));
  EXPECT_THAT(refused("x,k\n1,a\ninf,b\n"),
              HasSubstr("a.csv:3: column 1 (`x`): \"inf\" is not finite; a finite number"));
  EXPECT_THAT(refused("x,k\n1,a\nnan,b\n"), HasSubstr("a.csv:3: column 1 (`x`): \"nan\" is a placeholder"));
  EXPECT_THAT(refused("x,k\n1,a\n2\0,b\n"s), HasSubstr("a.csv:3: contains a NUL byte"));
}

TEST_F(CsvForms, MayHaveAHundredThousandColumns) {
  std::string rows;
  for (int row = 0; row < 5; ++row) {
    for (int column = 0; column < 100'000; ++column) {
      rows += row == 0 ? fmt::format("c{},", column) : std::to_string((column + 3 * row) % 7) + ",";
    }
    rows += row == 0 ? "k\n" : std::to_string(row % 2) + "\n";
  }
  const OpenedDataset wide("csv", file(rows));
  EXPECT_EQ(std::get<std::int64_t>(wide.fact("features")), 100'000);
  EXPECT_EQ(wide.read<float>(0, {1})[99'999], (99'999 + 6) % 7);
  EXPECT_THAT(refusal("csv", file(rows, {{"label", text("c100000")}}), BINADE_NOT_FOUND), HasSubstr("and 99981 more"));
}

TEST_F(CsvForms, AreReadInPartsThatEndWithRecords) {
  // Larger than a block, with line ends in quotes, so that many parts would begin inside a field.
  std::string rows = "n,t,k\n";
  constexpr std::uint64_t count = 700'000;
  for (std::uint64_t row = 0; row < count; ++row) {
    rows +=
        fmt::format("{},\"a \"\"{}\"\"\n\n,1,b\n{}\",{}\n", row, row % 3, std::string(row % 60, 'x'), row * 5 / count);
  }
  ASSERT_GT(rows.size(), std::size_t{1} << 25);
  const OpenedDataset data("csv", file(rows, {{"ignore", text("t")}}));
  ASSERT_EQ(data.size(), count);
  std::vector<std::uint64_t> indices(count);
  std::iota(indices.begin(), indices.end(), 0);
  EXPECT_EQ(data.read<float>(0, indices), Floats(indices.begin(), indices.end()));
  auto classes = indices;  // later parts have some of the classes only
  for (auto& index : classes) index = index * 5 / count;
  EXPECT_EQ(data.read<std::int64_t>(1, indices), std::vector<std::int64_t>(classes.begin(), classes.end()));
  rows += "1,\"x,0\n";
  EXPECT_THAT(refused(rows), HasSubstr(fmt::format("a.csv:{}: column 2: its opening quote", count * 4 + 2)));
}

TEST_F(CsvForms, AreDividedAlikeAtAnySize) {
  const std::string content = "a,\"b\nc\"\n\"d\"\"\n\",e\r\nf,\"\"\n\n5\" pipe,x\n\"last\",y";
  const auto path = folder_.write("a.csv", content);
  for (std::size_t size = 1; size < 70; ++size) {
    for (const std::size_t parts : {1, 2, 5}) {
      CsvBlocks blocks(path, ',', size);
      std::string all;
      for (auto found = blocks.next(parts, 1); !found.empty(); found = blocks.next(parts, 1)) {
        for (const auto& part : found) {
          EXPECT_EQ(part.line, 1u + static_cast<std::uint64_t>(std::count(all.begin(), all.end(), '\n')));
          all += part.text;
          EXPECT_THAT(std::string(part.text), testing::AnyOf(testing::EndsWith("c\"\n"), testing::EndsWith("e\r\n"),
                                                             testing::EndsWith("\"\"\n"), testing::EndsWith("\n\n"),
                                                             testing::EndsWith(",x\n"), testing::EndsWith(",y"), "\n"));
        }
      }
      EXPECT_EQ(all, content) << size;
    }
  }
}

}  // namespace
}  // namespace binade::host
