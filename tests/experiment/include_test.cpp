// Files that include others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/experiment/resolved.h"
#include "tests/experiment/fixture.h"

namespace binade::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Include : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((bench_.folder.path() / name).parent_path());
    bench_.folder.write(name, text);
  }
  std::string path(const std::string& name) { return (bench_.folder.path() / name).string(); }
  static std::string including(const std::vector<std::string>& names) {
    std::string text = "include = [";
    for (const auto& name : names) {
      text += '"';
      text += name;
      text += "\", ";
    }
    text += "]\n";
    return text;
  }
  static std::string numbered(int number) { return std::to_string(number) + ".toml"; }
  Bench bench_;
};

TEST_F(Include, MergesTablesKeyByKeyAndTheIncludingFileWins) {
  write("base.toml", minimal_text() + "batch_size = 8\n[optimizer]\nlr = 0.5\n");
  const auto loaded = bench_.load("include = [\"base.toml\"]\n[train]\nsteps = 20\n");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  const auto& train = loaded.experiment->tables.train;
  EXPECT_EQ(loaded.experiment->train.steps, 20U);
  EXPECT_EQ(train.find("steps")->where.source, path("test.toml"));
  EXPECT_EQ(train.find("steps")->where.line, 3U);
  EXPECT_EQ(loaded.experiment->train.batch_size, 8U);
  EXPECT_EQ(train.find("batch_size")->where.source, path("base.toml"));
  EXPECT_EQ(train.find("batch_size")->where.line, 10U);
  EXPECT_EQ(loaded.experiment->optimizer.lr, 0.5);
}

TEST_F(Include, LetsLaterFilesWinOverEarlierOnesAndOverridesOverAll) {
  write("a.toml", minimal_text() + "batch_size = 1\naccumulate = 1\nprefetch = 1\nworkers = 1\n");
  write("b.toml", "[train]\naccumulate = 2\nprefetch = 2\nworkers = 2\n");
  const auto loaded =
      bench_.load("include = [\"a.toml\", \"b.toml\"]\n[train]\nprefetch = 3\nworkers = 3\n", {"train.workers=4"});
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  const auto& train = loaded.experiment->train;
  EXPECT_EQ(train.batch_size, 1U);
  EXPECT_EQ(train.accumulate, 2U);
  EXPECT_EQ(train.prefetch, 3U);
  EXPECT_EQ(train.workers, 4U);
}

TEST_F(Include, ReplacesArraysAndLoggersAsAWhole) {
  write("base.toml", minimal_text() +
                         "[[logger]]\nplugin = \"screen\"\nevery = 5\n[[logger]]\nplugin = \"screen\"\n"
                         "[optimizer]\nbetas = [0.1, 0.2]\n");
  const auto kept = bench_.load("include = [\"base.toml\"]\n");
  ASSERT_TRUE(kept.experiment) << kept.text();
  EXPECT_EQ(kept.experiment->loggers.size(), 2U);
  const auto loaded =
      bench_.load("include = [\"base.toml\"]\n[[logger]]\nplugin = \"screen\"\n[optimizer]\nbetas = [0.3, 0.4]\n");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  ASSERT_EQ(loaded.experiment->loggers.size(), 1U);
  EXPECT_EQ(loaded.experiment->loggers[0].options.integer("every"), 1);
  EXPECT_EQ(loaded.experiment->optimizer.betas, (std::array<double, 2>{0.3, 0.4}));
}

TEST_F(Include, LeavesOverridesTheirReachIntoTheLoggersOfAnIncludedFile) {
  write("base.toml", minimal_text() + "[[logger]]\nplugin = \"screen\"\n[[logger]]\nplugin = \"screen\"\n");
  const auto loaded = bench_.load("include = [\"base.toml\"]\n", {"logger.0.every=7", "logger.1.every=0"});
  EXPECT_FALSE(loaded.experiment);
  EXPECT_EQ(loaded.only().code, "E0117");
  EXPECT_THAT(loaded.only().message, HasSubstr("logger.1.every"));
  const auto good = bench_.load("include = [\"base.toml\"]\n", {"logger.0.every=7"});
  ASSERT_TRUE(good.experiment) << good.text();
  EXPECT_EQ(good.experiment->loggers[0].options.integer("every"), 7);
  EXPECT_EQ(good.experiment->loggers[1].options.integer("every"), 1);
}

TEST_F(Include, KeepsPathsRelativeToTheFileInWhichTheyStand) {
  write("shared/data.toml", plugins_text());
  write("shared/more.toml", "include = [\"data.toml\"]\n[dataset]\nmore = [\"more.csv\"]\n");
  const auto loaded = bench_.load(
      "include = [\"shared/more.toml\"]\n[train]\nsteps = 1\n[model]\nplugin = \"net\"\n"
      "library = \"net.so\"\n",
      {"dataset.more.1=here.csv"});
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  const auto& options = loaded.experiment->dataset.options;
  EXPECT_EQ(options.string("file"), path("shared/data.csv"));
  EXPECT_THAT(options.strings("more"),
              ElementsAre(path("shared/more.csv"), (std::filesystem::current_path() / "here.csv").string()));
  EXPECT_EQ(loaded.experiment->model.library, path("net.so"));
}

TEST_F(Include, NamesAllFilesThatWereRead) {
  write("shared/a.toml", "include = [\"b.toml\"]\n");
  write("shared/b.toml", minimal_text());
  const auto loaded = bench_.load("include = [\"shared/a.toml\", \"shared/b.toml\"]\n");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  EXPECT_THAT(loaded.experiment->files, ElementsAre(path("test.toml"), path("shared/a.toml"), path("shared/b.toml")));
  EXPECT_EQ(loaded.experiment->file, path("test.toml"));
  EXPECT_EQ(loaded.experiment->experiment.name, "test");
}

TEST_F(Include, PointsMistakesIntoTheRightFile) {
  write("base.toml", plugins_text() + "[train]\nsteps = 0\nbatchsize = 1\n");
  const auto loaded = bench_.load("include = [\"base.toml\"]\n[train]\nstep = 3\n[optimizer]\nlr = -1\n");
  EXPECT_FALSE(loaded.experiment);
  ASSERT_EQ(loaded.diagnostics.all().size(), 4U) << loaded.text();
  const auto text = loaded.text();
  EXPECT_THAT(text, HasSubstr("--> " + path("base.toml") + ":9:9\n 9 | steps = 0\n"));
  EXPECT_THAT(text, HasSubstr("--> " + path("base.toml") + ":10:1\n10 | batchsize = 1\n"));
  EXPECT_THAT(text, HasSubstr("--> " + path("test.toml") + ":3:1\n 3 | step = 3\n"));
  EXPECT_THAT(text, testing::EndsWith("error: 4 mistakes in 2 files\n"));
  EXPECT_THAT(text, HasSubstr("--> " + path("test.toml") + ":5:6\n 5 | lr = -1\n"));
  EXPECT_THAT(bench_.load("include = [\"base.toml\"]\n", {"train.steps=0"}).text(),
              HasSubstr("(overrides " + path("base.toml") + ":9, which said 0)"));
}

TEST_F(Include, OfAMissingFilePointsAtItsNameAndSuggestsTheNearest) {
  write("base.toml", minimal_text());
  const auto loaded = bench_.load("include = [\n  \"base.toml\",\n  \"bsae.toml\",\n]\n");
  EXPECT_EQ(loaded.only().code, "E0101");
  EXPECT_EQ(loaded.only().where.line, 3U);
  EXPECT_EQ(loaded.only().where.source, path("test.toml"));
  EXPECT_THAT(loaded.text(), HasSubstr("did you mean `" + path("base.toml") + "`?"));
}

TEST_F(Include, OfABrokenFileShowsTheBrokenLine) {
  write("base.toml", "[model]\nplugin = net\n");
  const auto loaded = bench_.load("include = [\"base.toml\"]\n");
  EXPECT_EQ(loaded.only().code, "E0102");
  EXPECT_EQ(loaded.only().where.source, path("base.toml"));
  EXPECT_EQ(loaded.only().where.line, 2U);
  EXPECT_THAT(loaded.text(), HasSubstr(" 2 | plugin = net\n"));
}

// A file of which nothing may be shown: /etc/shadow, for a service that checks the experiments of others.
class IncludeOutside : public Include {
 protected:
  std::string outside(const std::string& text) { return other_.write("shadow", text).string(); }
  void says_only_where(const std::string& include, const std::string& file, int line) {
    const auto loaded = bench_.load(including({include}));
    EXPECT_THAT(loaded.text(), HasSubstr("--> " + file + ":" + std::to_string(line) + ":"));
    EXPECT_THAT(loaded.text(), HasSubstr("(its text is not shown: it lies outside the experiment's folder)"));
    EXPECT_THAT(loaded.text(), testing::Not(HasSubstr("secret")));
    EXPECT_THAT(loaded.text(), testing::Not(HasSubstr("root")));
  }
  TemporaryFolder other_;
};

TEST_F(IncludeOutside, ShowsNothingOfAFileThatIsNotToml) {
  const auto file = outside("# users\nroot:secret:1:0\n");
  says_only_where(file, file, 2);
}

TEST_F(IncludeOutside, ShowsNothingOfWhatTheParserSaw) {
  const auto file = outside("a = secret\n");  // "could not determine value", with the first letters
  says_only_where(file, file, 1);
  const auto twice = outside("rootsecret = 1\nrootsecret = 2\n");  // "cannot redefine existing integer 'rootsecret'"
  says_only_where(twice, twice, 2);
}

TEST_F(IncludeOutside, ShowsNothingOfALineWithAnotherMistake) {
  const auto file = outside(plugins_text() + "[train]\nsteps = 0 # secret\n");
  const auto loaded = bench_.load(including({file}));
  EXPECT_EQ(loaded.only().code, "E0117");
  says_only_where(file, file, 9);
}

TEST_F(IncludeOutside, IsNotDeceivedByALink) {
  std::filesystem::create_symlink(outside("root:secret:1:0\n"), bench_.folder.path() / "link.toml");
  says_only_where("link.toml", path("link.toml"), 1);
  std::filesystem::create_directory_symlink(other_.path(), bench_.folder.path() / "below");
  says_only_where("below/shadow", path("below/shadow"), 1);
}

TEST_F(IncludeOutside, DoesNotSayWhatElseIsThere) {
  const auto file = other_.write("private.toml", "").string();
  const auto missing = other_.path() / "privat.toml";
  const auto loaded = bench_.load(including({missing.string()}));
  EXPECT_EQ(loaded.only().code, "E0101");
  EXPECT_THAT(loaded.text(), testing::Not(HasSubstr(file)));
}

TEST_F(IncludeOutside, IsNotDeceivedByAFileThatItIncludesFrom) {
  const auto shadow = outside("root:secret:1:0\n");
  const auto other = other_.write("more.toml", including({"shadow"})).string();
  says_only_where(other, shadow, 1);
}

TEST_F(Include, InACircleShowsTheWholeCircle) {
  write("a.toml", "include = [\"b.toml\"]\n");
  write("b.toml", "\n" + including({"../" + bench_.folder.path().filename().string() + "/test.toml"}));
  const auto loaded = bench_.load("include = [\"a.toml\"]\n" + minimal_text());
  EXPECT_EQ(loaded.only().code, "E0111");
  EXPECT_EQ(loaded.only().where.source, path("b.toml"));
  EXPECT_THAT(loaded.only().notes, ElementsAre(path("test.toml") + ":1 includes " + path("a.toml"),
                                               path("a.toml") + ":1 includes " + path("b.toml"),
                                               path("b.toml") + ":2 includes " + path("test.toml")));
  EXPECT_EQ(bench_.load("include = [\"test.toml\"]\n").only().code, "E0111");
}

TEST_F(Include, GoesSixteenFilesDeepAndNoDeeper) {
  write("16.toml", minimal_text());
  for (int i = 0; i < 16; ++i) {
    write(numbered(i), including({numbered(i + 1)}));
  }
  EXPECT_TRUE(bench_.load_file(path("0.toml")).experiment) << bench_.load_file(path("0.toml")).text();
  const auto loaded = bench_.load("include = [\"0.toml\"]\n");
  EXPECT_EQ(loaded.only().code, "E0111");
  EXPECT_EQ(loaded.only().notes.size(), 17U);
  EXPECT_EQ(loaded.only().notes.back(), path("15.toml") + ":1 includes " + path("16.toml"));
}

TEST_F(Include, ComesToAnEndHoweverOftenFilesAreIncluded) {
  for (int i = 0; i < 14; ++i) {
    const auto next = numbered(i + 1);
    write(numbered(i), including({next, next, next}));
  }
  write("14.toml", minimal_text());
  const auto loaded = bench_.load_file(path("0.toml"));
  EXPECT_FALSE(loaded.experiment);
  EXPECT_THAT(loaded.text(), HasSubstr("more than 256 files are included"));
}

TEST_F(Include, IsAnArrayOfPathsAtTheTopOfAFile) {
  write("base.toml", minimal_text());
  const auto text = bench_.load("include = \"base.toml\"\n");
  EXPECT_EQ(text.only().code, "E0115");
  EXPECT_EQ(text.only().label, "write [\"base.toml\"]");
  EXPECT_EQ(bench_.load("include = [\"\"]\n").only().code, "E0118");
  EXPECT_EQ(bench_.load(minimal_text(), {"include=[\"base.toml\"]"}).only().code, "E0107");
  EXPECT_TRUE(bench_.load("include = []\n" + minimal_text()).experiment);
}

TEST_F(Include, ShowsInTheResolvedExperimentWhereEachValueStands) {
  write("shared/base.toml", minimal_text());
  const auto loaded = bench_.load("include = [\"shared/base.toml\"]\n[train]\nbatch_size = 4\n");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  const auto text = to_toml(*loaded.experiment);
  EXPECT_THAT(text, HasSubstr("steps = 10  # shared/base.toml:9, included\n"));
  EXPECT_THAT(text, HasSubstr("batch_size = 4  # test.toml:3\n"));
  EXPECT_THAT(text, HasSubstr("plugin = \"net\"  # shared/base.toml:2, included\n"));
}

}  // namespace
}  // namespace binade::host
