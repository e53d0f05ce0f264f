// Loading whole experiments. Invalid ones are in cases/.
#include "host/experiment/experiment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/experiment/fixture.h"

namespace binade::host {
namespace {

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

class PluginNames : public ExperimentFile {
 protected:
  Loaded load(const std::string& precision) {
    return bench_.load(
        "[model]\nplugin = \"net\"\n[dataset]\nplugin = \"rows\"\nfile = \"x\"\n[train]\nsteps = "
        "1\n[precision]\n" +
        precision);
  }
};

TEST_F(PluginNames, MayComeWithAFileOfTheirOwn) {
  const auto loaded = load("plugin = \"full\"\nlibrary = \"build/libfull.so\"\n");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  const auto file = (bench_.folder.path() / "build/libfull.so").string();
  EXPECT_EQ(loaded.experiment->precision.library, file);
  EXPECT_EQ(bench_.plugins.library_asked_for(), file);
}

TEST_F(PluginNames, OfPrecisionComeWithTheHostsOwnKeys) {
  const auto loaded = load("plugin = \"half\"\ncpu = \"allow\"\n");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  EXPECT_EQ(loaded.experiment->precision.reserved.string("cpu"), "allow");
  EXPECT_EQ(loaded.experiment->precision.reserved.options().size(), 2U);
}

}  // namespace
}  // namespace binade::host
