// [precision.overrides] and [precision.operations]: tables of any keys.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "host/experiment/resolved.h"
#include "host/experiment/schema/json_schema.h"
#include "tests/experiment/fixture.h"

namespace binade::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

using Entries = std::vector<std::pair<std::string, std::string>>;

class PrecisionTables : public testing::Test {
 protected:
  // `text` stands in lines 8 and following.
  Loaded load(const std::string& text, const std::vector<std::string>& overrides = {}) {
    return bench_.load(plugins_text() + text + "[train]\nsteps = 10\n", overrides);
  }
  Entries overrides_of(const Loaded& loaded) {
    if (!loaded.experiment) throw std::runtime_error(loaded.text());
    return loaded.experiment->precision.reserved.entries("overrides");
  }
  Bench bench_;
};

TEST_F(PrecisionTables, KeepTheOrderOfTheFile) {
  const auto good = load(
      "operations.softmax = \"fp32\"\n[precision.overrides]\n\"z.*\" = \"fp32\"\n\"*\" = \"bf16\"\na = \"fp16\"\n");
  EXPECT_THAT(overrides_of(good), ElementsAre(Pair("z.*", "fp32"), Pair("*", "bf16"), Pair("a", "fp16")));
  EXPECT_THAT(good.experiment->precision.reserved.entries("operations"), ElementsAre(Pair("softmax", "fp32")));
}

TEST_F(PrecisionTables, AreEmptyWhereNothingIsSaid) {
  EXPECT_THAT(overrides_of(load("")), IsEmpty());
  EXPECT_THAT(overrides_of(load("[precision.overrides]\n")), IsEmpty());
}

TEST_F(PrecisionTables, OfTheCommandLineComeFirstThenTheFileThenWhatItIncludes) {
  bench_.folder.write("base.toml", plugins_text() + "[precision.overrides]\nbase = \"fp32\"\nboth = \"fp32\"\n");
  const auto loaded = bench_.load(
      "include = [\"base.toml\"]\n[train]\nsteps = 3\n[precision.overrides]\nown = \"bf16\"\nboth = \"bf16\"\n",
      {"precision.overrides.\"head.*\"=\"fp16\"", "precision.overrides.first=fp16", "precision.overrides.own=fp32"});
  EXPECT_THAT(overrides_of(loaded), ElementsAre(Pair("first", "fp16"), Pair("head.*", "fp16"), Pair("own", "fp32"),
                                                Pair("both", "bf16"), Pair("base", "fp32")));
}

TEST_F(PrecisionTables, OfSeveralIncludedFilesTheLaterComeFirst) {
  bench_.folder.write("one.toml", plugins_text() + "[precision.overrides]\none = \"fp32\"\n");
  bench_.folder.write("two.toml", "[precision.overrides]\ntwo = \"fp32\"\n");
  const auto loaded = bench_.load("include = [\"one.toml\", \"two.toml\"]\n[train]\nsteps = 3\n");
  EXPECT_THAT(overrides_of(loaded), ElementsAre(Pair("two", "fp32"), Pair("one", "fp32")));
}

TEST_F(PrecisionTables, AreInTheResolvedExperimentAndLoadAgain) {
  const auto loaded = load("[precision.overrides]\n\"z \\\"[ab].*\" = \"fp32\"\n\"*\" = \"bf16\"\n",
                           {"precision.operations.softmax=fp32"});
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  const auto text = to_toml(*loaded.experiment);
  EXPECT_THAT(
      text,
      HasSubstr("overrides.\"z \\\"[ab].*\" = \"fp32\"  # test.toml:9\noverrides.\"*\" = \"bf16\"  # test.toml:10\n"));
  EXPECT_THAT(text, HasSubstr("operations.softmax = \"fp32\"  # --set precision.operations.softmax=fp32\n"));
  const auto again = bench_.load(text);
  EXPECT_EQ(overrides_of(again), overrides_of(loaded));
  EXPECT_THAT(again.experiment->precision.reserved.entries("operations"), ElementsAre(Pair("softmax", "fp32")));
}

TEST_F(PrecisionTables, AreInTheSchema) {
  const auto schema = nlohmann::json::parse(json_schema(bench_.plugins));
  const auto& table = schema["properties"]["precision"]["oneOf"][0]["properties"]["overrides"];
  EXPECT_EQ(table["type"], "object");
  EXPECT_EQ(table["patternProperties"][".+"]["enum"], nlohmann::json({"fp32", "bf16", "fp16"}));
  EXPECT_EQ(table["additionalProperties"], false);
}

}  // namespace
}  // namespace binade::host
