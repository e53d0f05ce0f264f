// The options of plugins, as experiments give them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/experiment/fixture.h"

namespace binade::host {
namespace {

using testing::ElementsAre;

class PluginOptions : public testing::Test {
 protected:
  // `lines` under [model].
  Loaded load(const std::string& lines) {
    return bench_.load(
        "[train]\nsteps = 10\n[dataset]\nplugin = \"rows\"\nfile = \"d.csv\"\n[precision]\nplugin = "
        "\"full\"\n[model]\nplugin = \"net\"\n" +
        lines);
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

}  // namespace
}  // namespace binade::host
