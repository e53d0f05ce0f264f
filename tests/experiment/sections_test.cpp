// Values of the host's own sections. Invalid ones are in cases/.
#include "host/experiment/schema/sections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/experiment/schema/text_forms.h"
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
  EXPECT_EQ(e.experiment.seed, 1337U);
  EXPECT_FALSE(e.task.loss);
  EXPECT_EQ(e.optimizer.name, "adamw");
  EXPECT_EQ(e.optimizer.lr, 1e-3);
  EXPECT_EQ(e.optimizer.weight_decay, 0.01);
  EXPECT_EQ(e.optimizer.betas, (std::array<double, 2>{0.9, 0.999}));
  EXPECT_EQ(e.schedule.name, "constant");
  EXPECT_EQ(e.schedule.warmup_steps, 0U);
  EXPECT_EQ(e.train.batch_size, 32U);
  EXPECT_EQ(e.train.accumulate, 1U);
  EXPECT_EQ(e.train.clip_norm, 1.0);
  EXPECT_EQ(e.train.device, "auto");
  EXPECT_EQ(e.train.workers, 1U);
  EXPECT_EQ(e.train.prefetch, 4U);
  EXPECT_TRUE(e.metrics.enabled);
  EXPECT_EQ(e.metrics.listen, "127.0.0.1:0");
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
  EXPECT_EQ(load("").experiment->experiment.name, "test");
  const auto file = bench_.folder.write(" odd n\xC3\xA4me.v2.toml", minimal_text());
  const auto loaded = bench_.load_file(file);
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  EXPECT_EQ(loaded.experiment->experiment.name, "-odd-n--me.v2");
}

TEST_F(Sections, SgdHasDefaultsOfItsOwn) {
  const auto loaded = load("[optimizer]\nname = \"sgd\"\n");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  EXPECT_EQ(loaded.experiment->optimizer.weight_decay, 0.0);
  EXPECT_EQ(loaded.experiment->optimizer.momentum, 0.0);
  EXPECT_FALSE(loaded.experiment->optimizer.nesterov);
}

TEST_F(Sections, ParameterGroupsAreTablesWithTheirOwnRates) {
  const auto loaded = load(
      "[optimizer]\nlr = 0.1\n[[optimizer.group]]\nparameters = [\"head.*\"]\nlr = 0.01\n"
      "[[optimizer.group]]\nparameters = [\"*.bias\", \"ln_?.*\"]\nweight_decay = 0\n");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  const auto& groups = loaded.experiment->parameter_groups;
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].lr, 0.01);
  EXPECT_FALSE(groups[0].weight_decay);
  EXPECT_THAT(groups[1].parameters, testing::ElementsAre("*.bias", "ln_?.*"));
}

TEST_F(Sections, TimesAreTextsOrSeconds) {
  const auto seconds = [&](const std::string& value) {
    const auto loaded = load("[train]\nmax_time = " + value + "\n");
    return loaded.experiment ? loaded.experiment->train.max_time : -1.0;
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
  EXPECT_EQ(load("").experiment->train.max_time, std::nullopt);
}

}  // namespace
}  // namespace binade::host
