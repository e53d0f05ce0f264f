// Values of the host's own sections. Invalid ones are in cases/.
#include "host/experiment/schema/sections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/experiment/fixture.h"

namespace binade::host {
namespace {

class Sections : public testing::Test {
 protected:
  // A valid experiment with `text` behind it; [train] steps = 10 unless the text has a [train] of its own.
  Loaded load(const std::string& text) {
    const bool own = text.find("[train]") != std::string::npos;
    return bench_.load((own ? plugins_text() : minimal_text()) + text);
  }
  Bench bench_;
};

TEST_F(Sections, HaveDefaults) {
  const auto loaded = load("");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  const auto& e = *loaded.experiment;
  EXPECT_EQ(e.experiment.integer("seed"), 1337);
  EXPECT_FALSE(e.task.has("loss"));
  EXPECT_EQ(e.optimizer.string("name"), "adamw");
  EXPECT_EQ(e.optimizer.number("lr"), 1e-3);
  EXPECT_EQ(e.optimizer.number("weight_decay"), 0.01);
  EXPECT_EQ(e.optimizer.find("betas")->values, (std::vector<Scalar>{0.9, 0.999}));
  EXPECT_EQ(e.schedule.string("name"), "constant");
  EXPECT_EQ(e.schedule.integer("warmup_steps"), 0);
  EXPECT_EQ(e.train.integer("batch_size"), 32);
  EXPECT_EQ(e.train.integer("accumulate"), 1);
  EXPECT_EQ(e.train.number("clip_norm"), 1.0);
  EXPECT_EQ(e.train.string("device"), "auto");
  EXPECT_EQ(e.train.integer("workers"), 1);
  EXPECT_EQ(e.train.integer("prefetch"), 4);
  EXPECT_TRUE(e.metrics.boolean("enabled"));
  EXPECT_EQ(e.metrics.string("listen"), "127.0.0.1:0");
  EXPECT_EQ(e.precision.reserved.string("cpu"), "fallback");
}

TEST_F(Sections, EveryKeyHasAHelpText) {
  for (const auto& section : host_sections()) {
    EXPECT_FALSE(section.help.empty());
    for (const auto& variant : section.variants) {
      for (const auto& option : variant.options) {
        EXPECT_FALSE(option.help.empty()) << option.name;
        const bool of_the_default = &variant == &section.variants.front();
        EXPECT_FALSE(option.required() && of_the_default) << option.name << ": a file may leave the section out";
      }
    }
  }
}

TEST_F(Sections, NameTheRunAfterTheFile) {
  EXPECT_EQ(load("").experiment->experiment.string("name"), "test");
  const auto file = bench_.folder.write(" odd n\xC3\xA4me.v2.toml", minimal_text());
  const auto loaded = bench_.load_file(file);
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  EXPECT_EQ(loaded.experiment->experiment.string("name"), "-odd-n--me.v2");
}

TEST_F(Sections, SgdHasDefaultsOfItsOwn) {
  const auto loaded = load("[optimizer]\nname = \"sgd\"\n");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  EXPECT_EQ(loaded.experiment->optimizer.number("weight_decay"), 0.0);
  EXPECT_EQ(loaded.experiment->optimizer.number("momentum"), 0.0);
  EXPECT_FALSE(loaded.experiment->optimizer.boolean("nesterov"));
}

TEST_F(Sections, ParameterGroupsAreTablesWithTheirOwnRates) {
  const auto loaded = load(
      "[optimizer]\nlr = 0.1\n[[optimizer.group]]\nparameters = [\"head.*\"]\nlr = 0.01\n"
      "[[optimizer.group]]\nparameters = [\"*.bias\", \"ln_?.*\"]\nweight_decay = 0\n");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  const auto& groups = loaded.experiment->parameter_groups;
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].number("lr"), 0.01);
  EXPECT_FALSE(groups[0].has("weight_decay"));
  EXPECT_THAT(groups[1].strings("parameters"), testing::ElementsAre("*.bias", "ln_?.*"));
}

TEST_F(Sections, TimesAreTextsOrSeconds) {
  const auto seconds = [&](const std::string& value) {
    const auto loaded = load("[train]\nmax_time = " + value + "\n");
    return loaded.experiment ? max_seconds(loaded.experiment->train) : -1.0;
  };
  EXPECT_EQ(seconds("\"90s\""), 90);
  EXPECT_EQ(seconds("\"5m\""), 300);
  EXPECT_EQ(seconds("\"2h\""), 7200);
  EXPECT_EQ(seconds("\"1h30m\""), 5400);
  EXPECT_EQ(seconds("\"1h1m1s\""), 3661);
  EXPECT_EQ(seconds("\"1.5h\""), 5400);
  EXPECT_EQ(seconds("\"500ms\""), 0.5);
  EXPECT_EQ(seconds("90"), 90);
  EXPECT_EQ(seconds("\"90\""), 90);
  EXPECT_EQ(seconds("\"1.5\""), 1.5);
  EXPECT_EQ(seconds("0.25"), 0.25);
  EXPECT_TRUE(std::isinf(max_seconds(load("").experiment->train)));
}

}  // namespace
}  // namespace binade::host
