// The metrics of plugins as Prometheus families.
#include "host/telemetry/plugin_families.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exposition.h"
#include "host/telemetry/run_metrics.h"

namespace binade::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const MetricDeclaration rows{"rows", PluginMetricType::counter, "Rows \\ read.", {{"why", {"a", "b"}}}, {}};
const MetricDeclaration level{"level", PluginMetricType::gauge, "How high.", {}, {}};
const MetricDeclaration size_of{"size", PluginMetricType::histogram, "How large.", {}, {1, 10}};

class PluginFamiliesTest : public testing::Test {
 protected:
  PluginFamiliesTest() {
    RunIdentity run;
    run.run_id = "test-run";
    run.plugins = {{"my-set", "dataset", "1.0.0", "0.1", "abc", 0.25}};
    metrics_ = std::make_shared<Metrics>(run);
  }
  std::shared_ptr<PluginMetrics> watch(const std::vector<MetricDeclaration>& declared, const std::string& id = "my-set",
                                       const std::string& kind = "dataset") {
    auto own = std::make_shared<PluginMetrics>(declared);
    metrics_->watch_plugin(id, kind, own, times_);
    return own;
  }
  static binade_series* find(PluginMetrics& own, std::string_view name) { return own.find(name, nullptr, 0); }
  std::vector<std::string> exported(const std::string& name) const {
    std::vector<std::string> found;
    for (const auto& line : lines(exposition(*metrics_))) {
      if (line.find(name) != std::string::npos) found.push_back(line);
    }
    return found;
  }

  std::shared_ptr<CallTimes> times_ = std::make_shared<CallTimes>();
  std::shared_ptr<Metrics> metrics_;
};

TEST_F(PluginFamiliesTest, AreExportedFromTheStart) {
  watch({rows, level});
  EXPECT_THAT(exported("my_set_rows"), ElementsAre("# HELP binade_plugin_my_set_rows_total Rows \\\\ read.",
                                                   "# TYPE binade_plugin_my_set_rows_total counter",
                                                   R"(binade_plugin_my_set_rows_total{run_id="test-run",why="a"} 0)",
                                                   R"(binade_plugin_my_set_rows_total{run_id="test-run",why="b"} 0)"));
  EXPECT_THAT(exported("my_set_level{"), ElementsAre(R"(binade_plugin_my_set_level{run_id="test-run"} 0)"));
}

TEST_F(PluginFamiliesTest, ShowHistogramsCumulatively) {
  auto own = watch({size_of});
  for (const double value : {0.5, 5.0, 6.0, 50.0}) own->observe(find(*own, "size"), value);
  EXPECT_THAT(exported("my_set_size_"),
              ElementsAre(R"(binade_plugin_my_set_size_count{run_id="test-run"} 4)",
                          R"(binade_plugin_my_set_size_sum{run_id="test-run"} 61.5)",
                          R"(binade_plugin_my_set_size_bucket{run_id="test-run",le="1"} 1)",
                          R"(binade_plugin_my_set_size_bucket{run_id="test-run",le="10"} 3)",
                          R"(binade_plugin_my_set_size_bucket{run_id="test-run",le="+Inf"} 4)"));
}

TEST_F(PluginFamiliesTest, AddUpTwoInstancesOfAPlugin) {
  auto first = watch({size_of, rows}), second = watch({size_of, rows});
  const std::string why = "why", a = "a";
  const binade_label label{{why.data(), why.size()}, {a.data(), a.size()}};
  first->add(first->find("rows", &label, 1), 2);
  second->add(second->find("rows", &label, 1), 3);
  first->observe(find(*first, "size"), 1);
  second->observe(find(*second, "size"), 5);
  EXPECT_THAT(exported("my_set_rows_total{run_id=\"test-run\",why=\"a\""), ElementsAre(testing::EndsWith(" 5")));
  EXPECT_THAT(exported("le=\"10\"} 2"), testing::SizeIs(1));
  EXPECT_THAT(exported("my_set_size_count{"), ElementsAre(testing::EndsWith(" 2")));
}

TEST_F(PluginFamiliesTest, CannotTakeANameThatSomethingElseHas) {
  watch({{"metrics_rejected", PluginMetricType::gauge, "Help.", {}, {}}}, "x");
  watch({{"duration_seconds", PluginMetricType::gauge, "A forgery.", {}, {}}}, "load");
  watch({level}, "my-set");
  watch({level}, "my_set");
  const auto text = exposition(*metrics_);
  EXPECT_THAT(text, Not(HasSubstr("A forgery.")));
  EXPECT_THAT(exported("rejected_total{run_id=\"test-run\",kind=\"dataset\",plugin=\"load\""),
              ElementsAre(testing::EndsWith(" 1")));
  EXPECT_THAT(exported("rejected_total{run_id=\"test-run\",kind=\"dataset\",plugin=\"my_set\""),
              ElementsAre(testing::EndsWith(" 1")));
  EXPECT_THAT(exported("rejected_total{run_id=\"test-run\",kind=\"dataset\",plugin=\"my_set\""),
              ElementsAre(testing::EndsWith(" 1")))
      << "not once a scrape";
}

TEST_F(PluginFamiliesTest, CountWhatWasRefused) {
  EXPECT_THAT(exported("rejected_total{"), ElementsAre(testing::EndsWith("plugin=\"my-set\"} 0"))) << "from the start";
  auto own = watch({level});
  own->observe(find(*own, "level"), 1);
  find(*own, "nothing");
  EXPECT_THAT(exported("rejected_total{"), ElementsAre(testing::EndsWith(" 2")));
}

TEST_F(PluginFamiliesTest, StayWhenThePluginIsGone) {
  auto own = watch({level});
  own->set(find(*own, "level"), 3);
  own.reset();
  EXPECT_THAT(exported("my_set_level{"), ElementsAre(testing::EndsWith(" 3")));
}

TEST_F(PluginFamiliesTest, TellHowLongCallsTakeAndLoadingTook) {
  watch({});
  const auto read = [&] { const CallTimes::Mark mark(times_.get(), "read"); };
  read();
  EXPECT_THAT(exported("calls_total{"), ElementsAre(testing::EndsWith(" 1")));
  read();
  EXPECT_THAT(exported("calls_total{run_id=\"test-run\",call=\"read\""), ElementsAre(testing::EndsWith(" 2")));
  EXPECT_THAT(exported("call_seconds_total{run_id=\"test-run\",call=\"read\""),
              ElementsAre(testing::Not(testing::EndsWith(" 0"))));
  EXPECT_THAT(exported("load_duration_seconds{"), ElementsAre(testing::EndsWith(" 0.25")));
}

TEST_F(PluginFamiliesTest, CountFailuresOfPluginsOfEveryKind) {
  for (const auto* kind : {"model", "dataset", "precision"}) watch({}, kind, kind);
  times_->failed("create");
  times_->failed("read");
  times_->failed("read");
  for (const std::string kind : {"model", "dataset", "precision"}) {
    const auto of = [&](const std::string& stage) {
      return exported("errors_total{run_id=\"test-run\",kind=\"" + kind + "\",plugin=\"" + kind + "\",stage=\"" +
                      stage);
    };
    EXPECT_THAT(of("load"), ElementsAre(testing::EndsWith(" 1")));
    EXPECT_THAT(of("call"), ElementsAre(testing::EndsWith(" 2")));
  }
}

}  // namespace
}  // namespace binade::host
