// Datasets that stand in, and datasets that follow the model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/experiment/resolved.h"
#include "host/experiment/wiring.h"
#include "tests/experiment/fixture.h"

namespace binade::host {
namespace {

using testing::Contains;
using testing::HasSubstr;

const std::string without_dataset =
    "[precision]\nplugin = \"full\"\n[train]\nsteps = 10\n[model]\nplugin = \"sequence\"\n";

std::string synthetic(const std::string& id) {
  return "id = \"" + id + R"("
kind = "dataset"
version = "1"
default = true
[options.length]
type = "integer"
default_from = "model.length"
default = 64
min = 2
[options.rate]
type = "number"
default_from = "model.units"
optional = true
[options.sizes]
type = "[integer]"
default_from = "model.sizes"
default = [1]
[options.root]
type = "path"
default_from = "model.root"
optional = true
[options.vocabulary]
type = "integer"
default_from = "model.vocabulary"
default = 256
)";
}

class DefaultDataset : public testing::Test {
 protected:
  DefaultDataset() {
    bench_.plugins.add(R"(
id = "sequence"
kind = "model"
version = "1"
[options.length]
type = "integer"
optional = true
[options.units]
type = "integer"
default = 8
[options.sizes]
type = "[integer]"
default = [3, 4]
[options.name]
type = "string"
default = "x"
[options.vocabulary]
type = "integer"
default_from = "dataset.vocabulary"
default = 1000
)");
    bench_.plugins.add(synthetic("noise"));
  }
  Experiment load(const std::string& more = "") {
    loaded_ = bench_.load(without_dataset + more);
    if (!loaded_.experiment) throw std::runtime_error(loaded_.text());
    return *loaded_.experiment;
  }
  Bench bench_;
  Loaded loaded_;
  Diagnostics diagnostics_;
};

TEST_F(DefaultDataset, IsUsedWhereAnExperimentHasNone) {
  const auto experiment = load();
  EXPECT_TRUE(experiment.dataset.is_default);
  EXPECT_EQ(experiment.dataset.plugin, "noise");
  const auto text = to_toml(experiment);
  EXPECT_THAT(text, HasSubstr("[dataset]\nplugin = \"noise\"  # default\n"));
  const auto again = bench_.load(text);
  ASSERT_TRUE(again.experiment) << again.text();
  EXPECT_EQ(again.experiment->dataset.plugin, "noise");
}

TEST_F(DefaultDataset, IsNotUsedWhereAnExperimentHasOne) {
  const auto experiment = load("[dataset]\nplugin = \"rows\"\nfile = \"x\"\n");
  EXPECT_FALSE(experiment.dataset.is_default);
  EXPECT_EQ(experiment.dataset.plugin, "rows");
  EXPECT_EQ(bench_.load(without_dataset + "[dataset]\n").only().code, "E0106");
}

TEST_F(DefaultDataset, IsAMistakeWhereThereAreTwo) {
  bench_.plugins.add(synthetic("silence"));
  const auto loaded = bench_.load(without_dataset);
  EXPECT_EQ(loaded.only().code, "E0114");
  EXPECT_THAT(loaded.only().notes, Contains("manifests that say `default = true`: noise, silence"));
}

TEST_F(DefaultDataset, FollowsTheModelsOptions) {
  auto experiment = load("length = 12\n");
  const auto& options = experiment.dataset.options;
  EXPECT_EQ(options.integer("length"), 12);
  EXPECT_EQ(options.find("length")->origin, Origin::wired);
  EXPECT_EQ(options.number("rate"), 8.0) << "defaults of the model count";
  EXPECT_EQ(options.find("sizes")->values, (std::vector<Scalar>{std::int64_t{3}, std::int64_t{4}}));
  EXPECT_THAT(to_toml(experiment), HasSubstr("length = 12  # from model.length\n"));
}

TEST_F(DefaultDataset, LearnsWhatTheModelReads) {
  bench_.plugins.add("id = \"reader\"\nkind = \"model\"\nversion = \"1\"\ninputs = [\"tokens\", \"mask\"]\n");
  bench_.plugins.add(
      "id = \"fitting\"\nkind = \"dataset\"\nversion = \"1\"\n[options.fields]\ntype = \"[string]\"\n"
      "default_from = \"model.inputs\"\ndefault = []\n");
  const auto loaded = bench_.load(
      "[precision]\nplugin = \"full\"\n[train]\nsteps = 10\n[model]\nplugin = \"reader\"\n"
      "[dataset]\nplugin = \"fitting\"\n");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  EXPECT_THAT(loaded.experiment->dataset.options.strings("fields"), testing::ElementsAre("tokens", "mask"));
}

TEST_F(DefaultDataset, TakesItsDefaultWhereTheModelStatesNoValue) {
  auto experiment = load();
  auto& options = experiment.dataset.options;
  EXPECT_FALSE(options.has("length")) << "the model may still say it when it is there";
  wire_to_model(options, experiment.model, diagnostics_);
  EXPECT_TRUE(diagnostics_.empty()) << diagnostics_.render(false);
  EXPECT_EQ(options.integer("length"), 64);
  EXPECT_EQ(options.find("length")->origin, Origin::default_);
  EXPECT_EQ(options.integer("vocabulary"), 256) << "the model's own waits for the dataset";
  EXPECT_FALSE(options.has("root"));
  wire(experiment.model.options, "model", {{"vocabulary", 256}}, diagnostics_);
  EXPECT_EQ(experiment.model.options.integer("vocabulary"), 256);
}

TEST_F(DefaultDataset, LeavesTheModelItsDefaultWhereItStatesNoFact) {
  auto experiment = load();
  wire(experiment.model.options, "model", {}, diagnostics_);
  EXPECT_TRUE(diagnostics_.empty()) << diagnostics_.render(false);
  EXPECT_EQ(experiment.model.options.integer("vocabulary"), 1000);
  EXPECT_EQ(experiment.model.options.find("vocabulary")->origin, Origin::default_);
}

TEST_F(DefaultDataset, ChecksWhatTheModelGivesAmongAllOtherMistakes) {
  const auto loaded = bench_.load(without_dataset + "length = 1\n[optimizer]\nlr = -1\n");
  ASSERT_EQ(loaded.diagnostics.all().size(), 2U) << loaded.text();
  EXPECT_EQ(loaded.diagnostics.all()[0].code, "E0117");
  EXPECT_THAT(loaded.text(), HasSubstr("`dataset.length` = model `length` must be at least 2, got 1"));
}

TEST_F(DefaultDataset, NamesWhatTheModelDoesNotState) {
  bench_.plugins.add(
      "id = \"picky\"\nkind = \"dataset\"\nversion = \"1\"\n[options.depth]\ntype = \"integer\"\n"
      "default_from = \"model.depth\"\n");
  auto experiment = load("[dataset]\nplugin = \"picky\"\n");
  wire_to_model(experiment.dataset.options, experiment.model, diagnostics_);
  ASSERT_EQ(diagnostics_.all().size(), 1U);
  EXPECT_EQ(diagnostics_.all()[0].message,
            "`dataset.depth` comes from the model's `depth`, which this model does not state");
  EXPECT_THAT(diagnostics_.all()[0].notes, Contains("options of the model that have values: units, sizes, name"));
}

TEST_F(DefaultDataset, RefusesWhatIsOfAnotherType) {
  bench_.plugins.add(
      "id = \"picky\"\nkind = \"dataset\"\nversion = \"1\"\n[options.name]\ntype = \"integer\"\n"
      "default_from = \"model.name\"\n");
  const auto loaded = bench_.load(without_dataset + "[dataset]\nplugin = \"picky\"\n");
  EXPECT_EQ(loaded.only().code, "E0110");
  EXPECT_EQ(loaded.only().message, "`dataset.name` comes from the model's `name`, which has a different type");
}

}  // namespace
}  // namespace binade::host
