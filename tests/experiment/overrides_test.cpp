// --set key=value
#include "host/experiment/toml/overrides.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/experiment/fixture.h"

namespace binade::host {
namespace {

class Overrides : public testing::Test {
 protected:
  Loaded load(const std::vector<std::string>& overrides) { return bench_.load(minimal_text(), overrides); }
  Bench bench_;
};

TEST_F(Overrides, ReplaceValuesOfTheFile) {
  const auto loaded = load({"train.steps=100"});
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  EXPECT_EQ(loaded.experiment->train.steps, 100U);
  EXPECT_EQ(loaded.experiment->tables.train.find("steps")->origin, Origin::override_);
  EXPECT_EQ(loaded.experiment->tables.train.find("steps")->where.source, "--set train.steps=100");
}

TEST_F(Overrides, AddValuesAndSections) {
  const auto loaded = load({"optimizer.lr = 0.5", "model.limits.low=2", "model.sizes=[1, 2, 3]"});
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  EXPECT_EQ(loaded.experiment->optimizer.lr, 0.5);
  EXPECT_EQ(loaded.experiment->model.options.number("limits.low"), 2.0);
  EXPECT_EQ(loaded.experiment->model.options.find("sizes")->values.size(), 3U);
}

TEST_F(Overrides, TakeBareWordsForStrings) {
  const auto loaded =
      load({"optimizer.name=sgd", "train.max_time=90s", "train.device=cuda:0", "metrics.listen=[::1]:0"});
  ASSERT_FALSE(loaded.experiment) << "a value that begins with a bracket is TOML";
  const auto again = load({"optimizer.name=sgd", "train.max_time=90s", "train.device=cuda:0",
                           "metrics.listen=127.0.0.1:9", "experiment.name='quoted'", "model.act=\"gelu\""});
  ASSERT_TRUE(again.experiment) << again.text();
  EXPECT_EQ(again.experiment->optimizer.name, "sgd");
  EXPECT_EQ(again.experiment->train.max_time, 90);
  EXPECT_EQ(again.experiment->experiment.name, "quoted");
  EXPECT_EQ(again.experiment->model.options.string("act"), "gelu");
}

TEST_F(Overrides, ParseValuesAsToml) {
  const auto loaded =
      load({"model.bias=false", "model.rate=1e-3", "train.steps=1_000", "model={plugin=\"net\", units=7}"});
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  EXPECT_EQ(loaded.experiment->train.steps, 1000U);
  EXPECT_EQ(loaded.experiment->model.options.integer("units"), 7);
  EXPECT_TRUE(loaded.experiment->model.options.boolean("bias")) << "the whole table was replaced";
}

TEST_F(Overrides, ReachIntoArraysOfTables) {
  const auto text = minimal_text() + "[[logger]]\nplugin = \"screen\"\n[[logger]]\nplugin = \"screen\"\n";
  const auto loaded = bench_.load(text, {"logger.1.every=10", "logger.2.plugin=screen", "logger.2.every=20"});
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  ASSERT_EQ(loaded.experiment->loggers.size(), 3U);
  EXPECT_EQ(loaded.experiment->loggers[0].options.integer("every"), 1);
  EXPECT_EQ(loaded.experiment->loggers[1].options.integer("every"), 10);
  EXPECT_EQ(loaded.experiment->loggers[2].options.integer("every"), 20);
}

TEST_F(Overrides, AddTheFirstLogger) {
  const auto loaded = load({"logger.0.plugin=screen"});
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  EXPECT_EQ(loaded.experiment->loggers.size(), 1U);
}

TEST_F(Overrides, TheLastOneWins) {
  const auto loaded = load({"train.steps=3", "train.steps=4"});
  ASSERT_TRUE(loaded.experiment);
  EXPECT_EQ(loaded.experiment->train.steps, 4U);
}

TEST_F(Overrides, OfSeveralLinesOrControlCharactersAreRefused) {
  for (const std::string text : {"model.rate=1\nx=2", "a=\033[2J"}) {
    SCOPED_TRACE(text);
    const auto loaded = load({text});
    ASSERT_FALSE(loaded.diagnostics.empty());
    EXPECT_EQ(loaded.only().code, "E0107");
  }
}

TEST_F(Overrides, SurviveKeysOfAHundredThousandParts) {
  std::string key = "a";
  for (int i = 0; i < 100'000; ++i) key += ".a";
  EXPECT_EQ(load({key + "=1"}).only().code, "E0107");
}

TEST_F(Overrides, HaveTheirPathsFromTheCurrentFolder) {
  const auto loaded = load({"dataset.file=here.csv"});
  ASSERT_TRUE(loaded.experiment);
  EXPECT_EQ(loaded.experiment->dataset.options.string("file"),
            (std::filesystem::current_path() / "here.csv").lexically_normal());
}

}  // namespace
}  // namespace binade::host
