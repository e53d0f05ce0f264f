// The host's sections as plain values: what a table says arrives in its struct.
#include "host/experiment/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "host/experiment/schema/sections.h"
#include "tests/experiment/fixture.h"

namespace binade::host {
namespace {

using testing::ElementsAre;

auto settings_of(const Experiment& e) {
  return std::tie(e.experiment, e.split, e.task, e.optimizer, e.parameter_groups, e.schedule, e.train, e.checkpoint,
                  e.watchdog, e.metrics);
}

OptionTable& table_of(HostTables& tables, const std::string& section) {
  static const std::map<std::string, OptionTable HostTables::*> members{
      {"experiment", &HostTables::experiment}, {"split", &HostTables::split},       {"task", &HostTables::task},
      {"optimizer", &HostTables::optimizer},   {"schedule", &HostTables::schedule}, {"train", &HostTables::train},
      {"checkpoint", &HostTables::checkpoint}, {"watchdog", &HostTables::watchdog}, {"metrics", &HostTables::metrics}};
  return section == parameter_group_section().name ? tables.parameter_groups.front() : tables.*members.at(section);
}

// With each key once, at its default.
OptionTable defaults(const SectionVariant& variant) {
  OptionTable table;
  for (const auto& spec : variant.options) {
    table.add({&spec, spec.default_value.value_or(std::vector<Scalar>{}), Origin::default_, {}});
  }
  return table;
}

// Another value than the default, in the key's type and range.
std::vector<Scalar> changed(const OptionSpec& spec) {
  const auto is_default = [&](const Scalar& value) {
    return spec.default_value && !spec.default_value->empty() && spec.default_value->front() == value;
  };
  std::vector<Scalar> candidates = spec.choices;
  if (spec.type == OptionType::boolean) candidates = {true, false};
  if (spec.type == OptionType::integer) {
    const auto min = static_cast<std::int64_t>(spec.min.value());
    candidates = {min, min + 1};
  }
  if (spec.type == OptionType::number) candidates = {0.25, 0.5};
  if (candidates.empty()) candidates = {std::string("7s")};  // of all texts also a duration
  const auto other = std::find_if_not(candidates.begin(), candidates.end(), is_default);
  return std::vector<Scalar>(spec.array ? 2 : 1, *other);
}

class Settings : public testing::Test {
 protected:
  Experiment load(const std::string& text) {
    auto loaded = bench_.load(text);
    EXPECT_TRUE(loaded.experiment) << loaded.text();
    return loaded.experiment.value();
  }
  Bench bench_;
};

TEST_F(Settings, HaveAMemberForEachKey) {
  auto sections = host_sections();
  sections.push_back(parameter_group_section());
  Experiment experiment;
  experiment.tables.parameter_groups.emplace_back();
  int keys = 0;
  for (const auto& section : sections) {
    auto& table = table_of(experiment.tables, section.name);
    for (const auto& variant : section.variants) {
      for (const auto& spec : variant.options) {
        table = defaults(variant);
        bind_settings(experiment);
        const auto before = experiment;
        table.find(spec.name)->values = changed(spec);
        bind_settings(experiment);
        EXPECT_FALSE(settings_of(experiment) == settings_of(before)) << section.name << "." << spec.name;
        ++keys;
      }
    }
    table = {};
  }
  EXPECT_GT(keys, 80);
}

TEST_F(Settings, StartWithTheDefaultsOfTheTables) {
  Experiment bound;
  for (const auto& section : host_sections()) {
    table_of(bound.tables, section.name) = defaults(section.variants.front());
  }
  bind_settings(bound);
  EXPECT_TRUE(settings_of(bound) == settings_of(Experiment()));
}

TEST_F(Settings, HoldEachVariantsOwnDefaults) {
  const auto adagrad = load(minimal_text() + "[optimizer]\nname = \"adagrad\"\n").optimizer;
  EXPECT_EQ(adagrad.lr, 1e-2);
  EXPECT_EQ(adagrad.eps, 1e-10);
  EXPECT_EQ(adagrad.weight_decay, 0);
  EXPECT_EQ(load(minimal_text() + "[optimizer]\nname = \"rmsprop\"\n").optimizer.eps, 1e-8);
}

TEST_F(Settings, HoldLargestValuesWhole) {
  const auto seed = load("[experiment]\nseed = 9223372036854775807\n" + minimal_text()).experiment.seed;
  EXPECT_EQ(seed, 9223372036854775807U);
  const auto train = load(plugins_text() + "[train]\nsteps = 1000000000\nthreads = 1024\n").train;
  EXPECT_EQ(train.steps, 1000000000U);
  EXPECT_EQ(train.threads, 1024);
}

TEST_F(Settings, HoldDurationsInSeconds) {
  const auto experiment =
      load(plugins_text() +
           "[train]\nmax_time = \"1h30m\"\n[watchdog]\ndata = \"90s\"\nforward = \"0s\"\n[metrics]\n"
           "wait_for_scrape = \"500ms\"\n");
  EXPECT_EQ(experiment.train.max_time, 5400);
  EXPECT_EQ(experiment.watchdog.data, 90);
  EXPECT_EQ(experiment.watchdog.forward, 0);
  EXPECT_EQ(experiment.watchdog.plugin_call, 1800);
  EXPECT_EQ(experiment.metrics.wait_for_scrape, 0.5);
}

TEST_F(Settings, HoldAbsolutePathsAndLists) {
  const auto experiment = load("[experiment]\ntags = [\"a\", \"b\"]\n" + minimal_text() +
                               "freeze = [\"h.*\"]\n[metrics]\ntargets = \"targets\"\nallowed_hosts = []\n");
  EXPECT_THAT(experiment.experiment.tags, ElementsAre("a", "b"));
  EXPECT_THAT(experiment.train.freeze, ElementsAre("h.*"));
  EXPECT_EQ(experiment.metrics.targets, bench_.folder.path() / "targets");
  EXPECT_EQ(experiment.metrics.password_file, std::nullopt);
}

TEST_F(Settings, FollowATableThatIsWiredToTheDataset) {
  auto experiment = load(minimal_text());
  EXPECT_EQ(experiment.task.loss, std::nullopt);
  Diagnostics diagnostics;
  wire(experiment.tables.task, "task", {{"loss", std::string("mse")}}, diagnostics);
  bind_settings(experiment);
  EXPECT_EQ(experiment.task.loss, "mse");
  EXPECT_EQ(experiment.task.target, std::nullopt);
}

TEST(DurationText, HasTheLargestUnitThatFits) {
  EXPECT_EQ(duration_text(3600), "1h");
  EXPECT_EQ(duration_text(5400), "90m");
  EXPECT_EQ(duration_text(90), "90s");
  EXPECT_EQ(duration_text(0.5), "0.5s");
  EXPECT_EQ(duration_text(0), "0s");
}

}  // namespace
}  // namespace binade::host
