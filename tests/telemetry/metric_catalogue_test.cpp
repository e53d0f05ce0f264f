// The rules of the catalogue, and the handling of untrusted text.
#include "host/telemetry/metric_catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "host/events/events.h"
#include "host/telemetry/metric_families.h"

namespace binade::host {
namespace {

using testing::HasSubstr;

std::vector<std::string> known_values(std::string_view metric) {
  for (const auto& spec : metric_catalogue()) {
    if (spec.name == metric) return metric_labels(spec).at(0).values;
  }
  return {};
}

TEST(MetricCatalogue, FollowsTheNamingRulesOfPrometheus) {
  std::set<std::string_view> names;
  for (const auto& spec : metric_catalogue()) {
    SCOPED_TRACE(spec.name);
    EXPECT_TRUE(names.insert(spec.name).second) << "twice";
    EXPECT_TRUE(spec.name.starts_with("binade_") || spec.name.starts_with("process_"));
    EXPECT_EQ(spec.name.ends_with("_total"), spec.type == MetricType::counter);
    EXPECT_EQ(spec.buckets.empty(), spec.type != MetricType::histogram);
    EXPECT_TRUE(std::is_sorted(spec.buckets.begin(), spec.buckets.end()));
    EXPECT_TRUE(spec.help.ends_with('.') || spec.help.ends_with(')'));
    EXPECT_EQ(escaped_help(spec.help), spec.help) << "needs no escaping, so the reference shows what is exported";
  }
}

TEST(MetricCatalogue, NamesTheStatesAndPhasesOfTheEvents) {
  const auto expect_names = [](std::string_view metric, const auto& names) {
    const std::vector<std::string> expected(names.begin(), names.end());
    EXPECT_EQ(known_values(metric), expected);
  };
  expect_names("binade_run_state", run_state_names);
  expect_names("binade_phase_duration_seconds", phase_names);
}

TEST(MetricCatalogue, ReadsLabelsWithAndWithoutKnownValues) {
  const auto labels = metric_labels({"m", MetricType::gauge, "logger result=written,dropped", "Help."});
  ASSERT_EQ(labels.size(), 2u);
  EXPECT_EQ(labels[0].name, "logger");
  EXPECT_TRUE(labels[0].values.empty());
  EXPECT_EQ(labels[1].name, "result");
  EXPECT_EQ(labels[1].values, (std::vector<std::string>{"written", "dropped"}));
}

TEST(MetricCatalogue, IsPrintedWhole) {
  const auto reference = metric_reference();
  for (const auto& spec : metric_catalogue()) EXPECT_THAT(reference, HasSubstr(std::string(spec.name)));
  EXPECT_THAT(reference, HasSubstr("| `binade_amp_updates_total` | counter | action=growth,backoff,hold | "));
}

TEST(MetricCatalogue, IsListedInTheMonitoringReadme) {
  std::ifstream file(BINADE_SOURCE_DIR "/monitoring/README.md");
  std::stringstream readme;
  readme << file.rdbuf();
  EXPECT_THAT(readme.str(), HasSubstr(metric_reference()));
}

TEST(LabelValue, KeepsValidUtf8) {
  const std::string text =
      "a \"quoted\" \\ line\nGr\xC3\xB6\xC3\x9F"
      "e \xE2\x82\xAC \xF0\x9F\x98\x80";
  EXPECT_EQ(label_value(text), text);
}

TEST(LabelValue, ReplacesInvalidUtf8) {
  const std::string replacement = "\xEF\xBF\xBD";
  EXPECT_EQ(label_value("a\xFF"
                        "b"),
            "a" + replacement + "b");
  EXPECT_EQ(label_value("cut \xE2\x82"), "cut " + replacement + replacement);
  EXPECT_EQ(label_value("\xC0\xAF"), replacement + replacement) << "overlong";
  EXPECT_EQ(label_value("\xE0\x80\xAF"), replacement + replacement + replacement) << "overlong";
  EXPECT_EQ(label_value("\xF0\x80\x80\xAF"), replacement + replacement + replacement + replacement) << "overlong";
  EXPECT_EQ(label_value("\xED\xA0\x80"), replacement + replacement + replacement) << "a surrogate";
  EXPECT_EQ(label_value("\xF4\x90\x80\x80"), replacement + replacement + replacement + replacement) << "too large";
}

TEST(LabelValue, CutsLongTextsAtACharacter) {
  EXPECT_EQ(label_value(std::string(127, 'a') + "\xC3\xB6").size(), 127u);
  EXPECT_EQ(label_value(std::string(126, 'a') + "\xC3\xB6").size(), 128u);
}

TEST(EscapedHelp, KeepsOneLineOneLine) { EXPECT_EQ(escaped_help("a\nb\\c"), "a\\nb\\\\c"); }

TEST(MetricFamilies, FoldWhatIsTooManyIntoOther) {
  MetricFamilies families("test-run");
  for (int i = 0; i < 1000; ++i) {
    families.counter("binade_logger_events_total", {{"logger", std::to_string(i)}, {"result", "dropped"}}).Increment();
  }
  double in_all = 0, in_other = 0;
  std::size_t count = 0;
  for (const auto& family : families.collect()) {
    if (family.name != "binade_logger_events_total") continue;
    count = family.metric.size();
    for (const auto& metric : family.metric) {
      in_all += metric.counter.value;
      for (const auto& label : metric.label) in_other += label.value == "other" ? metric.counter.value : 0;
    }
  }
  EXPECT_EQ(count, MetricFamilies::max_series + 1);
  EXPECT_EQ(in_all, 1000);
  EXPECT_EQ(in_other, 1000 - static_cast<double>(MetricFamilies::max_series));
}

TEST(MetricFamilies, RefuseWhatTheCatalogueDoesNotHave) {
  MetricFamilies families("test-run");
  EXPECT_THROW(families.gauge("binade_nothing"), std::logic_error);
  EXPECT_THROW(families.counter("binade_loss"), std::logic_error) << "of another type";
}

}  // namespace
}  // namespace binade::host
