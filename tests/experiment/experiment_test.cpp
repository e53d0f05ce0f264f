// Loading experiments as a whole.
#include "host/experiment/experiment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/experiment/fixture.h"

namespace binade::host {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class ExperimentFile : public testing::Test {
 protected:
  Bench bench_;
};

TEST_F(ExperimentFile, BecomesAnExperiment) {
  const auto loaded =
      bench_.load(minimal_text() + "[[logger]]\nplugin = \"screen\"\n[[logger]]\nplugin = \"screen\"\nevery = 5\n");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  const auto& e = *loaded.experiment;
  EXPECT_EQ(e.file, bench_.folder.path() / "test.toml");
  EXPECT_EQ(e.model.plugin, "net");
  EXPECT_EQ(e.model.section, "model");
  EXPECT_EQ(e.model.where.line, 2U);
  EXPECT_EQ(e.dataset.plugin, "rows");
  EXPECT_EQ(e.precision.plugin, "full");
  ASSERT_EQ(e.loggers.size(), 2U);
  EXPECT_EQ(e.loggers[1].section, "logger.1");
  EXPECT_EQ(e.loggers[1].options.integer("every"), 5);
}

TEST_F(ExperimentFile, ThatIsMissingIsNamedWithTheNearest) {
  bench_.folder.write("first_run.toml", "");
  const auto loaded = bench_.load_file(bench_.folder.path() / "frist_run.toml");
  EXPECT_EQ(loaded.only().code, "E0101");
  EXPECT_THAT(loaded.only().message, HasSubstr("no such file"));
  EXPECT_THAT(loaded.only().notes.front(), HasSubstr("first_run.toml"));
  EXPECT_EQ(bench_.load_file(bench_.folder.path() / "nowhere" / "x.toml").only().code, "E0101");
}

TEST_F(ExperimentFile, ThatIsAFolderIsRefused) {
  const auto loaded = bench_.load_file(bench_.folder.path());
  EXPECT_EQ(loaded.only().code, "E0101");
  EXPECT_THAT(loaded.only().message, HasSubstr("folder"));
}

TEST_F(ExperimentFile, ThatCannotBeReadIsRefused) {
  // A file whose reading fails for root as well.
  const auto loaded = bench_.load_file("/proc/self/mem");
  EXPECT_EQ(loaded.only().code, "E0101");
  EXPECT_EQ(bench_.load_file("/dev/zero").only().code, "E0101") << "without end";
}

TEST_F(ExperimentFile, WithASyntaxErrorStopsThere) {
  const auto loaded = bench_.load("[model]\nplugin = net\n[nonsense]\n");
  EXPECT_EQ(loaded.only().code, "E0102");
  EXPECT_EQ(loaded.only().where.line, 2U);
  EXPECT_THAT(loaded.text(), HasSubstr("test.toml:2:"));
}

TEST_F(ExperimentFile, ReportsAllMistakesInOneRun) {
  const auto loaded = bench_.load(
      "[model]\nplugin = \"net\"\nunits = 0\nunit = 1\n[dataset]\nplugin = \"row\"\n[precison]\n[train]\nsteps = "
      "\"x\"\nbatchsize = 3\n[optimizer]\nlr = 0\n[metrics]\nlisten = \"x\"\n");
  EXPECT_FALSE(loaded.experiment);
  std::vector<std::string> codes;
  for (const auto& d : loaded.diagnostics.all()) codes.push_back(d.code);
  EXPECT_THAT(codes, testing::UnorderedElementsAre("E0117", "E0103", "E0108", "E0104", "E0105", "E0115", "E0103",
                                                   "E0117", "E0118"));
  EXPECT_THAT(loaded.text(),
              testing::EndsWith("error: 9 mistakes in " + (bench_.folder.path() / "test.toml").string() + "\n"));
}

TEST_F(ExperimentFile, NeedsItsThreePluginSections) {
  const auto loaded = bench_.load("[train]\nsteps = 1\n");
  ASSERT_EQ(loaded.diagnostics.all().size(), 3U);
  for (const auto& d : loaded.diagnostics.all()) EXPECT_EQ(d.code, "E0105");
  EXPECT_THAT(loaded.text(), HasSubstr("precision plugins: auto, full, half"));
  EXPECT_THAT(loaded.text(), HasSubstr("[precision] is missing"));
}

TEST_F(ExperimentFile, NeedsAPluginInEachOfThem) {
  const auto loaded = bench_.load(minimal_text() + "[[logger]]\nevery = 3\n");
  EXPECT_EQ(loaded.only().code, "E0106");
  EXPECT_THAT(loaded.only().message, HasSubstr("`logger.0.plugin` is missing"));
  EXPECT_EQ(loaded.only().where.line, 10U);
}

TEST_F(ExperimentFile, UnknownSectionsGetTheNearest) {
  const auto loaded = bench_.load(minimal_text() + "[optimiser]\nlr = 1\n");
  EXPECT_EQ(loaded.only().code, "E0104");
  EXPECT_EQ(loaded.only().label, "did you mean `optimizer`?");
  EXPECT_THAT(loaded.only().notes.front(), HasSubstr("dataset, experiment, logger, metrics, model, optimizer"));
}

TEST_F(ExperimentFile, SectionsMustBeTables) {
  EXPECT_EQ(bench_.load("optimizer = 3\n" + minimal_text()).only().code, "E0115");
  EXPECT_EQ(bench_
                .load("model = \"net\"\n[dataset]\nplugin = \"rows\"\nfile = \"x\"\n[precision]\nplugin = "
                      "\"full\"\n[train]\nsteps = 1\n")
                .only()
                .code,
            "E0115");
  EXPECT_EQ(bench_.load(minimal_text() + "[[metrics]]\n").only().code, "E0115");
}

TEST_F(ExperimentFile, LoggersComeInDoubleBrackets) {
  const auto loaded = bench_.load(minimal_text() + "[logger]\nplugin = \"screen\"\n");
  EXPECT_EQ(loaded.only().code, "E0115");
  EXPECT_EQ(loaded.only().label, "write [[logger]]");
  EXPECT_EQ(loaded.only().where.line, 10U);
  EXPECT_EQ(bench_.load("logger = [1]\n" + minimal_text()).only().code, "E0115");
  EXPECT_TRUE(bench_.load("logger = []\n" + minimal_text()).experiment);
  EXPECT_TRUE(bench_.load("logger = [{plugin = \"screen\"}]\n" + minimal_text()).experiment);
}

class PluginNames : public ExperimentFile {
 protected:
  Loaded load(const std::string& precision) {
    return bench_.load(
        "[model]\nplugin = \"net\"\n[dataset]\nplugin = \"rows\"\nfile = \"x\"\n[train]\nsteps = "
        "1\n[precision]\n" +
        precision);
  }
};

TEST_F(PluginNames, ThatAreUnknownGetTheNearestAndTheList) {
  const auto loaded = load("plugin = \"hlaf\"\n");
  EXPECT_EQ(loaded.only().code, "E0108");
  EXPECT_EQ(loaded.only().message, "there is no precision plugin `hlaf`");
  EXPECT_EQ(loaded.only().label, "did you mean \"half\"?");
  EXPECT_THAT(loaded.only().notes, ElementsAre("precision plugins: auto, full, half"));
}

TEST_F(PluginNames, OfAnotherKindAreNamedAsWhatTheyAre) {
  const auto loaded = load("plugin = \"screen\"\n");
  EXPECT_EQ(loaded.only().code, "E0109");
  EXPECT_EQ(loaded.only().message, "`screen` is a logger plugin, but [precision] needs a precision plugin");
}

TEST_F(PluginNames, ThatWereRefusedKeepTheRefusalsMessage) {
  EXPECT_EQ(load("plugin = \"refused\"\n").only().code, "E0303");
}

TEST_F(PluginNames, MustBeStrings) { EXPECT_EQ(load("plugin = 16\n").only().code, "E0115"); }

TEST_F(PluginNames, MayComeWithAFileOfTheirOwn) {
  const auto loaded = load("plugin = \"full\"\nlibrary = \"build/libfull.so\"\n");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  const auto file = (bench_.folder.path() / "build/libfull.so").string();
  EXPECT_EQ(loaded.experiment->precision.library, file);
  EXPECT_EQ(bench_.plugins.library_asked_for(), file);
  EXPECT_EQ(load("plugin = \"mine\"\nlibrary = 3\n").only().code, "E0115") << "whether `mine` exists is not known";
}

TEST_F(PluginNames, OfPrecisionComeWithTheHostsOwnKeys) {
  const auto loaded = load("plugin = \"half\"\ncpu = \"allow\"\n");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  EXPECT_EQ(loaded.experiment->precision.reserved.string("cpu"), "allow");
  EXPECT_EQ(loaded.experiment->precision.reserved.options().size(), 2U);
  EXPECT_EQ(load("plugin = \"half\"\ncpu = \"alow\"\n").only().label, "did you mean \"allow\"?");
  EXPECT_THAT(load("plugin = \"half\"\ncpus = \"allow\"\n").only().notes,
              Contains("valid keys: cpu, library, operations, overrides, plugin, use_amp"));
}

}  // namespace
}  // namespace binade::host
