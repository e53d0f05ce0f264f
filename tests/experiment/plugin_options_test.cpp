// The options of plugins, as experiments give them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/experiment/fixture.h"

namespace binade::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PluginOptions : public testing::Test {
 protected:
  // `lines` under [model].
  Loaded load(const std::string& lines) {
    return bench_.load(
        "[train]\nsteps = 10\n[dataset]\nplugin = \"rows\"\nfile = \"d.csv\"\n[precision]\nplugin = "
        "\"full\"\n[model]\nplugin = \"net\"\n" +
        lines);
  }
  Diagnostic mistake(const std::string& lines) {
    const auto loaded = load(lines);
    EXPECT_FALSE(loaded.experiment);
    return loaded.only();
  }
  Bench bench_;
};

TEST_F(PluginOptions, HaveDefaults) {
  const auto loaded = load("");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  const auto& model = loaded.experiment->model.options;
  EXPECT_EQ(model.integer("units"), 128);
  EXPECT_EQ(model.find("units")->origin, Origin::default_);
  EXPECT_EQ(model.number("limits.low"), 0.0);
  EXPECT_FALSE(model.has("limits.high"));
  EXPECT_EQ(model.find("classes")->origin, Origin::wired);
  EXPECT_FALSE(model.has("classes"));
}

TEST_F(PluginOptions, KeepTheOrderOfTheManifest) {
  const auto loaded = load("rate = 1\nunits = 3\n");
  ASSERT_TRUE(loaded.experiment);
  std::vector<std::string> names;
  for (const auto& option : loaded.experiment->model.options.options()) names.push_back(option.spec->name);
  EXPECT_THAT(names, ElementsAre("units", "rate", "bias", "act", "sizes", "limits.low", "limits.high", "classes"));
}

TEST_F(PluginOptions, AreTakenFromTheFile) {
  const auto loaded = load("units = 7\nbias = false\nact = \"gelu\"\nsizes = []\nlimits.high = 3\nclasses = 5\n");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  const auto& model = loaded.experiment->model.options;
  EXPECT_EQ(model.integer("units"), 7);
  EXPECT_EQ(model.find("units")->origin, Origin::file);
  EXPECT_EQ(model.find("units")->where.line, 10U);
  EXPECT_FALSE(model.boolean("bias"));
  EXPECT_TRUE(model.has("sizes"));
  EXPECT_EQ(model.number("limits.high"), 3.0);
  EXPECT_EQ(model.integer("classes"), 5);
}

TEST_F(PluginOptions, AcceptAnIntegerWhereANumberIsWanted) {
  const auto loaded = load("rate = 2\n[model.limits]\nhigh = 4\n");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  EXPECT_EQ(loaded.experiment->model.options.number("rate"), 2.0);
  EXPECT_EQ(loaded.experiment->model.options.number("limits.high"), 4.0);
}

TEST_F(PluginOptions, ConvertNothingElse) {
  for (const std::string line :
       {"units = 1.0", "units = \"1\"", "units = true", "units = [1]", "units = {}", "rate = \"1\"", "bias = 1",
        "bias = \"true\"", "act = 1", "sizes = 1", "sizes = {}", "limits = 3"}) {
    SCOPED_TRACE(line);
    EXPECT_EQ(mistake(line + "\n").code, "E0115");
  }
}

TEST_F(PluginOptions, SayWhatWouldBeRight) {
  EXPECT_EQ(mistake("units = \"7\"\n").message, "`model.units` must be an integer, got a string");
  EXPECT_EQ(mistake("units = \"7\"\n").label, "write it without quotes");
  EXPECT_EQ(mistake("units = 7.0\n").label, "write 7");
  EXPECT_EQ(mistake("units = 7.5\n").label, "");
  EXPECT_EQ(mistake("sizes = 7\n").label, "write [7]");
  EXPECT_EQ(mistake("act = 7\n").label, "write \"7\"");
  EXPECT_EQ(mistake("bias = \"true\"\n").label, "write it without quotes");
}

TEST_F(PluginOptions, RefuseNumbersThatAreNotFinite) {
  for (const std::string value : {"nan", "inf", "-inf"}) {
    const auto d = mistake("rate = " + value + "\n");
    EXPECT_EQ(d.code, "E0117");
    EXPECT_THAT(d.message, HasSubstr("finite"));
  }
}

TEST_F(PluginOptions, MustBeInRange) {
  EXPECT_EQ(mistake("units = 0\n").message, "`model.units` must be in 1..=4096, got 0");
  EXPECT_EQ(mistake("units = 4097\n").code, "E0117");
  EXPECT_EQ(mistake("classes = 1\n").message, "`model.classes` must be at least 2, got 1");
  EXPECT_TRUE(load("units = 4096\n").experiment);
}

TEST_F(PluginOptions, LocateTheWrongElementOfAnArray) {
  const auto d = mistake("sizes = [1, 0, 3]\n");
  EXPECT_EQ(d.message, "`model.sizes[1]` must be at least 1, got 0");
  EXPECT_EQ(d.where.line, 10U);
  EXPECT_EQ(d.where.column, 13U);
  EXPECT_EQ(mistake("sizes = [1,\n 2,\n \"x\"]\n").where.line, 12U);
  EXPECT_EQ(load("sizes = [0, \"x\", 2, -1]\n").diagnostics.all().size(), 3U);
}

TEST_F(PluginOptions, MustBeOneOfTheChoices) {
  const auto d = mistake("act = \"glu\"\n");
  EXPECT_EQ(d.code, "E0116");
  EXPECT_EQ(d.label, "did you mean \"gelu\"?");
  EXPECT_THAT(d.notes, ElementsAre("valid values: \"relu\", \"gelu\""));
}

TEST_F(PluginOptions, UnknownOnesGetTheNearestAndTheList) {
  const auto d = mistake("unit = 3\n");
  EXPECT_EQ(d.code, "E0103");
  EXPECT_EQ(d.message, "unknown key `unit` in [model]");
  EXPECT_EQ(d.label, "did you mean `units`?");
  EXPECT_THAT(
      d.notes,
      ElementsAre("valid keys: act, bias, classes, init_from, init_strict, library, limits, plugin, rate, sizes, "
                  "units"));
  EXPECT_EQ(d.where.column, 1U);
  EXPECT_EQ(d.where.length, 4U);
}

TEST_F(PluginOptions, UnknownOnesOfNestedTablesNameTheTable) {
  const auto d = mistake("limits.hihg = 3\n");
  EXPECT_EQ(d.message, "unknown key `hihg` in `model.limits`");
  EXPECT_EQ(d.label, "did you mean `high`?");
  EXPECT_THAT(d.notes, ElementsAre("valid keys: high, low"));
}

TEST_F(PluginOptions, AQuotedKeyWithADotIsNoNestedOne) { EXPECT_EQ(mistake("\"limits.high\" = 3\n").code, "E0103"); }

TEST_F(PluginOptions, RequiredOnesAreMissedAtTheTable) {
  const auto loaded = bench_.load(
      "[model]\nplugin = \"net\"\n[dataset]\nplugin = \"rows\"\n[precision]\nplugin = "
      "\"full\"\n[train]\nsteps = 1\n");
  const auto& d = loaded.only();
  EXPECT_EQ(d.code, "E0106");
  EXPECT_EQ(d.message, "`dataset.file` is missing");
  EXPECT_EQ(d.where.line, 3U);
  EXPECT_EQ(d.where.length, 9U);
  EXPECT_THAT(d.notes, ElementsAre("add `file = ...` to [dataset]: a string with a path", "file: The table."));
}

class PathOptions : public PluginOptions {
 protected:
  std::string file_path(const std::string& text) {
    const auto loaded = bench_.load("[model]\nplugin = \"net\"\n[dataset]\nplugin = \"rows\"\nfile = \"" + text +
                                    "\"\nmore = [\"a/**/*.c\"]\n[precision]\nplugin = \"full\"\n[train]\nsteps = 1\n");
    if (!loaded.experiment) return loaded.only().code;
    EXPECT_THAT(loaded.experiment->dataset.options.strings("more"),
                ElementsAre((bench_.folder.path() / "a/**/*.c").string()));
    return loaded.experiment->dataset.options.string("file");
  }
};

TEST_F(PathOptions, AreRelativeToTheFile) {
  const auto folder = bench_.folder.path();
  EXPECT_EQ(file_path("d.csv"), folder / "d.csv");
  EXPECT_EQ(file_path("./x/../d.csv"), folder / "d.csv");
  EXPECT_EQ(file_path("../d.csv"), folder.parent_path() / "d.csv");
  EXPECT_EQ(file_path("/tmp/d.csv"), "/tmp/d.csv");
  EXPECT_EQ(file_path("*.csv"), folder / "*.csv");
}

TEST_F(PathOptions, ExpandTheHomeFolder) {
  ASSERT_EQ(setenv("HOME", "/home/someone", 1), 0);
  EXPECT_EQ(file_path("~/d.csv"), "/home/someone/d.csv");
  EXPECT_EQ(file_path("~other"), bench_.folder.path() / "~other");
}

TEST_F(PathOptions, CannotEndBeforeTheirEnd) { EXPECT_EQ(file_path("d.csv\\u0000.txt"), "E0118"); }

TEST_F(PathOptions, CannotBeEmpty) { EXPECT_EQ(file_path(""), "E0118"); }

}  // namespace
}  // namespace binade::host
