// [metrics] of a manifest.
#include "host/experiment/schema/metric_declaration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "host/experiment/schema/manifest.h"

namespace binade::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

const std::string head = "id = \"net\"\nkind = \"model\"\nversion = \"1.0.0\"\n";

std::vector<MetricDeclaration> parse(const std::string& text) {
  Diagnostics diagnostics;
  auto manifest = parse_manifest(head + text, "net.toml", diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.render(false);
  return manifest.metrics;
}

// The code of the one mistake.
std::string mistake(const std::string& text) {
  Diagnostics diagnostics;
  (void)parse_manifest(head + text, "net.toml", diagnostics);
  if (diagnostics.all().size() != 1) return "not one mistake:\n" + diagnostics.render(false);
  return diagnostics.all().front().code;
}

// Of a counter `x` with these lines more.
std::string counter_mistake(const std::string& lines) {
  return mistake("[metrics.x]\ntype = \"counter\"\nhelp = \"Help.\"\n" + lines);
}

TEST(MetricDeclarations, SayWhatAPluginMayCount) {
  const auto metrics = parse(R"(
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

TEST(MetricDeclarations, RefuseWhatCannotStandInAnExposition) {
  EXPECT_EQ(mistake("metrics = 1\n"), "E0215");
  EXPECT_EQ(mistake("[metrics]\nx = 1\n"), "E0215");
  const std::vector<std::string> names{"X", "9x", R"("x-y")", "x__y", R"("")", R"("x\ny")", std::string(49, 'x')};
  for (const auto& name : names) {
    EXPECT_EQ(mistake("[metrics." + name + "]\ntype = \"gauge\"\nhelp = \"Help.\"\n"), "E0218") << name;
  }
  for (const std::string help : {"", "two\\nlines", "\\u007f"}) {
    EXPECT_EQ(mistake("[metrics.x]\ntype = \"gauge\"\nhelp = \"" + help + "\"\n"), "E0218") << help;
  }
}

TEST(MetricDeclarations, MustBeWholeAndOfAKnownType) {
  EXPECT_NE(mistake("[metrics.x]\ntype = \"gauge\"\n"), "") << "without help";
  EXPECT_THAT(mistake("[metrics.x]\ntype = \"summary\"\nhelp = \"Help.\"\n"), HasSubstr("E02"));
  EXPECT_EQ(counter_mistake("unit = \"s\"\n"), "E0203");
}

TEST(MetricDeclarations, RefuseLabelsThatAreTakenOrHaveNoFixedValues) {
  for (const std::string name : {"run_id", "le", "quantile", "job", "instance", "plugin", "Reason", "\"a-b\""}) {
    EXPECT_EQ(counter_mistake("labels = { " + name + " = [\"a\"] }\n"), "E0218") << name;
  }
  for (const std::string values : {"[]", "[\"a\", \"a\"]", "[\"\"]", "[\"a\\nb\"]"}) {
    EXPECT_EQ(counter_mistake("labels = { reason = " + values + " }\n"), "E0218") << values;
  }
  EXPECT_EQ(counter_mistake("labels = [\"reason\"]\n"), "E0215");
}

TEST(MetricDeclarations, GiveBucketsToHistogramsOnly) {
  const std::string histogram = "[metrics.x]\ntype = \"histogram\"\nhelp = \"Help.\"\n";
  EXPECT_EQ(counter_mistake("buckets = [1]\n"), "E0219");
  EXPECT_EQ(mistake(histogram), "E0219");
  for (const std::string buckets : {"[]", "[1, 1]", "[2, 1]"}) {
    EXPECT_EQ(mistake(histogram + "buckets = " + buckets + "\n"), "E0218") << buckets;
  }
}

TEST(MetricDeclarations, AreBounded) {
  const auto values = [](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += (i == 0 ? "\"v" : ", \"v") + std::to_string(i) + "\"";
    return "[" + text + "]";
  };
  EXPECT_EQ(counter_mistake("labels = { a = " + values(17) + " }\n"), "E0218");
  EXPECT_EQ(counter_mistake("labels = { a = " + values(16) + ", b = " + values(16) + ", c = [\"x\"] }\n"),
            "not one mistake:\n");
  EXPECT_EQ(counter_mistake("labels = { a = " + values(16) + ", b = " + values(16) + ", c = [\"x\", \"y\"] }\n"),
            "E0219");
  std::string many;
  for (int i = 0; i < 33; ++i) many += "[metrics.m" + std::to_string(i) + "]\ntype = \"gauge\"\nhelp = \"Help.\"\n";
  EXPECT_EQ(mistake(many), "E0219");
}

}  // namespace
}  // namespace binade::host
