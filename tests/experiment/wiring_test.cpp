// Values that the dataset gives.
#include "host/experiment/wiring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/experiment/fixture.h"

namespace binade::host {
namespace {

using testing::Contains;
using testing::HasSubstr;

class Wiring : public testing::Test {
 protected:
  Wiring() {
    bench_.plugins.add(R"(
id = "wired"
kind = "model"
version = "1"
[options.classes]
type = "integer"
default_from = "dataset.classes"
min = 2
[options.scale]
type = "number"
default_from = "dataset.classes"
[options.unit]
type = "string"
default_from = "dataset.unit"
choices = ["m", "km"]
optional = true
)");
  }
  OptionTable options(const std::string& lines = "") {
    loaded_ = bench_.load(
        "[dataset]\nplugin = \"rows\"\nfile = \"x\"\n[precision]\nplugin = \"full\"\n[train]\nsteps = "
        "1\n[model]\nplugin = \"wired\"\n" +
        lines);
    return loaded_.experiment.value().model.options;
  }
  Bench bench_;
  Loaded loaded_;
  Diagnostics diagnostics_;
};

TEST_F(Wiring, FillsInTheDatasetsFacts) {
  auto table = options();
  wire(table, "model", {{"classes", 7}, {"unit", "km"}}, diagnostics_);
  EXPECT_TRUE(diagnostics_.empty()) << diagnostics_.render(false);
  EXPECT_EQ(table.integer("classes"), 7);
  EXPECT_EQ(table.number("scale"), 7.0);
  EXPECT_EQ(table.string("unit"), "km");
  EXPECT_EQ(table.find("classes")->origin, Origin::wired);
}

TEST_F(Wiring, LeavesWhatTheFileSays) {
  auto table = options("classes = 3\n");
  wire(table, "model", {{"classes", 7}}, diagnostics_);
  EXPECT_EQ(table.integer("classes"), 3);
  EXPECT_EQ(table.find("classes")->origin, Origin::file);
  EXPECT_EQ(table.number("scale"), 7.0);
}

TEST_F(Wiring, LeavesWhatWasWiredBefore) {
  auto table = options();
  wire(table, "model", {{"classes", 7}}, diagnostics_);
  wire(table, "model", {{"classes", 8}}, diagnostics_);
  EXPECT_EQ(table.integer("classes"), 7);
}

TEST_F(Wiring, MissesAFactThatTheDatasetDoesNotState) {
  auto table = options("scale = 1\n");
  wire(table, "model", {{"rows", 7}}, diagnostics_);
  ASSERT_EQ(diagnostics_.all().size(), 1U);
  const auto& d = diagnostics_.all().front();
  EXPECT_EQ(d.code, "E0110");
  EXPECT_EQ(d.message, "`model.classes` comes from the dataset's `classes`, which this dataset does not state");
  EXPECT_EQ(d.where.line, 8U);
  EXPECT_THAT(d.notes, Contains("write `classes = ...` in [model]"));
  EXPECT_THAT(d.notes, Contains("the dataset states: rows = 7"));
}

TEST_F(Wiring, DoesWithoutAFactForAnOptionalOption) {
  auto table = options();
  wire(table, "model", {{"classes", 7}}, diagnostics_);
  EXPECT_TRUE(diagnostics_.empty());
  EXPECT_FALSE(table.has("unit"));
}

TEST_F(Wiring, ChecksTypesRangesAndChoices) {
  auto table = options("scale = 1\n");
  wire(table, "model", {{"classes", "seven"}, {"unit", "mile"}}, diagnostics_);
  ASSERT_EQ(diagnostics_.all().size(), 2U);
  EXPECT_THAT(diagnostics_.all()[0].message, HasSubstr("a different type"));
  EXPECT_EQ(diagnostics_.all()[1].code, "E0116");
  Diagnostics again;
  table = options();
  wire(table, "model", {{"classes", 1}}, again);
  ASSERT_EQ(again.all().size(), 1U);
  EXPECT_EQ(again.all()[0].code, "E0117");
  EXPECT_THAT(again.all()[0].message, HasSubstr("model.classes"));
}

}  // namespace
}  // namespace binade::host
