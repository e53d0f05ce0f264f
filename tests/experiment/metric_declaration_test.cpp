// Valid [metrics] of manifests. Invalid ones are in cases/manifests.
#include "host/experiment/schema/metric_declaration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/experiment/schema/manifest.h"

namespace binade::host {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

const std::string metrics_head = "id = \"net\"\nkind = \"model\"\nversion = \"1.0.0\"\n";

std::vector<MetricDeclaration> parse_metrics(const std::string& text) {
  Diagnostics diagnostics;
  auto manifest = parse_manifest(metrics_head + text, "net.toml", diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.render(false);
  return manifest.metrics;
}

TEST(MetricDeclarations, SayWhatAPluginMayCount) {
  const auto metrics = parse_metrics(R"(
[metrics.rows_skipped]
type = "counter"
help = "Rows that could not be read."
labels = { reason = ["empty", "broken"], split = ["train", "validation", "test"] }
[metrics.decode_seconds]
type = "histogram"
help = "Time to decode."
buckets = [0.001, 0.1, 2]
)");
  ASSERT_THAT(metrics, SizeIs(2));
  EXPECT_EQ(metrics[0].name, "rows_skipped");
  EXPECT_EQ(metrics[0].type, PluginMetricType::counter);
  EXPECT_EQ(metrics[0].help, "Rows that could not be read.");
  ASSERT_THAT(metrics[0].labels, SizeIs(2));
  EXPECT_EQ(metrics[0].labels[0].name, "reason");
  EXPECT_THAT(metrics[0].labels[1].values, ElementsAre("train", "validation", "test"));
  EXPECT_EQ(metrics[0].series(), 6U);
  EXPECT_EQ(metrics[1].type, PluginMetricType::histogram);
  EXPECT_THAT(metrics[1].buckets, ElementsAre(0.001, 0.1, 2));
  EXPECT_EQ(metrics[1].series(), 1U);
}

}  // namespace
}  // namespace binade::host
