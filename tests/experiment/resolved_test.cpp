// The resolved experiment as TOML.
#include "host/experiment/resolved.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "host/experiment/toml/document.h"
#include "host/experiment/toml/toml_text.h"
#include "host/experiment/wiring.h"
#include "tests/experiment/fixture.h"

namespace binade::host {
namespace {

using testing::HasSubstr;
using testing::Not;

using Values = std::vector<std::pair<std::string, std::vector<Scalar>>>;

Values values(const OptionTable& table) {
  Values out;
  for (const auto& option : table.options()) out.emplace_back(option.spec->name, option.values);
  return out;
}

void expect_same(const Experiment& a, const Experiment& b) {
  for (const auto table : {&HostTables::experiment, &HostTables::task, &HostTables::optimizer, &HostTables::schedule,
                           &HostTables::train, &HostTables::metrics}) {
    EXPECT_EQ(values(a.tables.*table), values(b.tables.*table));
  }
  ASSERT_EQ(a.loggers.size(), b.loggers.size());
  std::vector<std::pair<const PluginSection*, const PluginSection*>> pairs = {
      {&a.model, &b.model}, {&a.dataset, &b.dataset}, {&a.precision, &b.precision}};
  for (std::size_t i = 0; i < a.loggers.size(); ++i) pairs.emplace_back(&a.loggers[i], &b.loggers[i]);
  for (const auto& [x, y] : pairs) {
    EXPECT_EQ(x->plugin, y->plugin);
    EXPECT_EQ(x->library, y->library);
    EXPECT_EQ(values(x->options), values(y->options));
    EXPECT_EQ(values(x->reserved), values(y->reserved));
  }
}

class Resolved : public testing::Test {
 protected:
  // Loaded again from another folder, under another name.
  void expect_round_trip(const Experiment& experiment) {
    const TemporaryFolder elsewhere;
    const auto again = bench_.load_file(elsewhere.write("resolved.toml", to_toml(experiment)));
    ASSERT_TRUE(again.experiment) << again.text() << to_toml(experiment);
    expect_same(experiment, *again.experiment);
  }
  Bench bench_;
};

TEST_F(Resolved, LoadsAgainAsTheSame) {
  const auto loaded = bench_.load(minimal_text());
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  expect_round_trip(*loaded.experiment);
}

TEST_F(Resolved, LoadsAgainWithEveryKindOfValue) {
  const auto loaded = bench_.load(
      "[experiment]\nname = \"x\"\n[model]\nplugin = \"net\"\nrate = 0.1\nbias = false\nsizes = []\nlimits.high = "
      "1e300\nclasses = 3\n[dataset]\nplugin = \"rows\"\nfile = \"a \\\"b\\\"\\\\ \\u0001 \xC3\xA9.csv\"\nmore = "
      "[\"x\", "
      "\"y\"]\n[task]\nloss = \"mse\"\n[precision]\nplugin = \"half\"\nlibrary = \"l.so\"\ncpu = "
      "\"allow\"\n[optimizer]\nname = \"sgd\"\nlr = 3e-4\nmomentum = 0.1\nnesterov = true\n[schedule]\nname = "
      "\"cosine\"\n[train]\nepochs = 2\nmax_time = 90\n[[logger]]\nplugin = \"screen\"\n[[logger]]\nplugin = "
      "\"screen\"\nevery = 9\n",
      {"train.batch_size=7"});
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  expect_round_trip(*loaded.experiment);
}

TEST_F(Resolved, LoadsAgainAfterWiring) {
  auto loaded = bench_.load(minimal_text());
  ASSERT_TRUE(loaded.experiment);
  Diagnostics diagnostics;
  wire(loaded.experiment->model.options, "model", {{"classes", 12}}, diagnostics);
  EXPECT_THAT(to_toml(*loaded.experiment), HasSubstr("classes = 12  # from dataset.classes\n"));
  expect_round_trip(*loaded.experiment);
}

TEST_F(Resolved, SaysWhereEachValueComesFrom) {
  const auto loaded = bench_.load(minimal_text(), {"optimizer.lr=0.5"});
  ASSERT_TRUE(loaded.experiment);
  const auto text = to_toml(*loaded.experiment);
  EXPECT_THAT(text, HasSubstr("steps = 10  # test.toml:9\n"));
  EXPECT_THAT(text, HasSubstr("lr = 0.5  # --set optimizer.lr=0.5\n"));
  EXPECT_THAT(text, HasSubstr("batch_size = 32  # default\n"));
  EXPECT_THAT(text, HasSubstr("# classes is taken from the dataset at run\n"));
  EXPECT_THAT(text, HasSubstr("file = \"" + (bench_.folder.path() / "data.csv").string() + "\""));
  EXPECT_THAT(text, Not(HasSubstr("epochs")));
}

TEST_F(Resolved, LetsNoOverrideEscapeItsComment) {
  const auto loaded = bench_.load(minimal_text(), {"optimizer.lr=[0.5,\n]"});
  EXPECT_FALSE(loaded.experiment);
  const auto array = bench_.load(minimal_text(), {"model.sizes=[5,\n6]"});
  ASSERT_TRUE(array.experiment) << array.text();
  EXPECT_THAT(to_toml(*array.experiment), HasSubstr("sizes = [5, 6]  # --set model.sizes=[5,\\n6]\n"));
  expect_round_trip(*array.experiment);
}

TEST(TomlText, NumbersReadBackAsTheSame) {
  EXPECT_EQ(toml_number(1), "1.0");
  EXPECT_EQ(toml_number(0.1), "0.1");
  EXPECT_EQ(toml_number(1e-8), "1e-08");
  EXPECT_EQ(toml_number(-2.5e300), "-2.5e+300");
  for (const double value : {1.0 / 3, 5e-324, std::numeric_limits<double>::max(), -0.0, 123456789012345680.0}) {
    Diagnostics diagnostics;
    const auto root = parse_toml("x = " + toml_number(value), "", diagnostics);
    ASSERT_TRUE(root) << toml_number(value);
    EXPECT_EQ(root->find("x")->value.scalar, Scalar(value));
  }
}

TEST(TomlText, StringsReadBackAsTheSame) {
  std::string all;
  for (int c = 0; c < 128; ++c) all += static_cast<char>(c);
  all += "\xC3\xA9\xF0\x9F\x98\x80";
  Diagnostics diagnostics;
  const auto root = parse_toml("x = " + toml_string(all), "", diagnostics);
  ASSERT_TRUE(root) << diagnostics.render(false);
  EXPECT_EQ(root->find("x")->value.scalar, Scalar(all));
}

}  // namespace
}  // namespace binade::host
