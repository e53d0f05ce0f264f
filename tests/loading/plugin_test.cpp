// An opened plugin: its calls, its options, what it logs, and what goes into the lock.
#include "host/loading/plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "binade/abi/precision.h"
#include "host/base/sha256.h"
#include "host/loading/open_plugin.h"
#include "tests/loading/fixture.h"

namespace binade::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::unique_ptr<OptionSpec> option_spec(const std::string& name, OptionType type) {
  auto spec = std::make_unique<OptionSpec>();
  spec->name = name;
  spec->type = type;
  return spec;
}

OptionTable scale_option(const OptionSpec& spec, double value) {
  OptionTable options;
  options.add({&spec, {value}, Origin::default_, {}});
  return options;
}

TEST(Plugin, AnswersThroughItsTableAndLogsUnderItsId) {
  std::vector<std::string> lines;
  const auto plugin = open_plugin(read_plugin_file(fixture("good")),
                                  [&](std::int32_t level, const std::string& id, std::string_view text) {
                                    lines.push_back(std::to_string(level) + " " + id + ": " + std::string(text));
                                  });
  EXPECT_EQ(plugin.id(), "good");
  EXPECT_EQ(plugin.version(), "1.2.3");
  EXPECT_EQ(plugin.kind(), PluginKind::precision);
  EXPECT_EQ(plugin.path(), fixture("good"));
  EXPECT_EQ(plugin.sha256(), sha256_of_file(fixture("good")));

  const auto table = plugin.table<binade_precision_table>();
  const auto spec = option_spec("scale", OptionType::number);
  const auto options = scale_option(*spec, 2.0);
  void* self = nullptr;
  plugin.call("create", [&](binade_error* error) {
    return table.create(plugin.host(), OptionsView(options).table(), &self, error);
  });
  binade_policy policy{};
  plugin.call("policy", [&](binade_error* error) { return table.policy(self, &policy, error); });
  EXPECT_EQ(policy.compute_dtype, std::uint32_t{BINADE_FLOAT16});
  EXPECT_THAT(lines, ElementsAre("1 good: half of what was asked"));
}

TEST(Plugin, IsHeardOnceWhenItRepeatsAWarning) {
  std::vector<std::string> lines;
  const auto plugin =
      open_plugin(read_plugin_file(fixture("good")),
                  [&](std::int32_t, const std::string&, std::string_view text) { lines.emplace_back(text); });
  const auto say = [&](std::int32_t level, const std::string& text) {
    plugin.host()->log(plugin.host(), level, {text.data(), text.size()});
  };
  for (int i = 0; i < 3; ++i) {
    say(BINADE_LOG_WARNING, "row 7 is empty");
    say(BINADE_LOG_INFO, "read");
    say(BINADE_LOG_ERROR, "failed");
  }
  say(BINADE_LOG_WARNING, "row 8 is empty");
  EXPECT_THAT(lines,
              ElementsAre("row 7 is empty", "read", "failed", "read", "failed", "read", "failed", "row 8 is empty"));
  // It does not remember without end.
  lines.clear();
  for (int i = 0; i < 5000; ++i) say(BINADE_LOG_WARNING, std::to_string(i));
  say(BINADE_LOG_WARNING, "row 7 is empty");
  EXPECT_EQ(lines.size(), 5000u);
  say(BINADE_LOG_WARNING, "4999");
  EXPECT_EQ(lines.size(), 5001u) << "one that came when it remembered enough";
}

TEST(Plugin, KeepsALogThatThrowsToTheHost) {
  const auto plugin = open_plugin(read_plugin_file(fixture("good")),
                                  [](auto, const auto&, auto) { throw std::runtime_error("the log is full"); });
  plugin.host()->log(plugin.host(), BINADE_LOG_INFO, {"text", 4});
}

TEST(Plugin, FailureNamesPluginVersionCallAndReason) {
  const auto plugin = open_plugin(read_plugin_file(fixture("throws_in_create")), nullptr);
  const auto table = plugin.table<binade_precision_table>();
  const OptionTable options;
  void* self = nullptr;
  try {
    plugin.call("create", [&](binade_error* error) {
      return table.create(plugin.host(), OptionsView(options).table(), &self, error);
    });
    FAIL() << "create() did not fail";
  } catch (const PluginError& error) {
    EXPECT_STREQ(error.what(), "plugin `throws_in_create` 0.1.0: create() failed: there is no such scale (not found)");
    EXPECT_EQ(error.plugin(), "throws_in_create");
    EXPECT_EQ(error.status(), BINADE_NOT_FOUND);
  }
  EXPECT_EQ(self, nullptr);
}

TEST(Plugin, FailureWithoutAReasonSaysThat) {
  const auto plugin = open_plugin(read_plugin_file(fixture("good")), nullptr);
  try {
    plugin.call("read", [](binade_error*) { return std::int32_t{42}; });
    FAIL();
  } catch (const PluginError& error) {
    EXPECT_THAT(error.what(), HasSubstr("read() failed: it gave no reason (unknown status)"));
  }
}

TEST(Plugin, WhatItThrowsThroughTheInterfaceIsAFailure) {
  const binade_plugin symbol{sizeof(symbol), BINADE_ABI_MAJOR, BINADE_ABI_MINOR, BINADE_KIND_PRECISION, nullptr};
  const auto plugin = Plugin::linked(symbol, "thrower", nullptr);
  const auto message = [&](auto thrown) {
    try {
      plugin.call("update", [&](binade_error*) -> std::int32_t { throw thrown; });
    } catch (const PluginError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(message(1),
            "plugin `thrower` 0.0.0: update() failed: it threw an exception through the C interface, which is "
            "forbidden: an exception that is not a std::exception (failed)");
  EXPECT_THAT(message(std::runtime_error("boom\nException raised from f (most recent call first):")),
              HasSubstr("which is forbidden: boom (failed)"));
}

TEST(Plugin, TableOfAnOlderPluginIsZeroBeyondItsEnd) {
  binade_precision_table old{};
  old.struct_size = 2 * sizeof(std::uint32_t) + sizeof(void*);
  old.create = [](const binade_host*, const binade_options*, void**, binade_error*) { return std::int32_t{BINADE_OK}; };
  old.destroy = [](void*) {};
  const binade_plugin symbol{sizeof(symbol), BINADE_ABI_MAJOR, BINADE_ABI_MINOR, BINADE_KIND_PRECISION, &old};
  const auto table = Plugin::linked(symbol, "old", nullptr).table<binade_precision_table>();
  EXPECT_NE(table.create, nullptr);
  EXPECT_EQ(table.destroy, nullptr);
}

class OptionsViewTest : public testing::Test {
 protected:
  void add(const std::string& name, OptionType type, std::vector<Scalar> values) {
    specs.push_back(option_spec(name, type));
    options.add({specs.back().get(), std::move(values), Origin::file, {}});
  }
  std::uint64_t count(std::string_view name) const {
    return view.table()->count(view.table(), {name.data(), name.size()});
  }
  std::int32_t get(std::string_view name, std::uint64_t index, binade_value& value) const {
    return view.table()->get(view.table(), {name.data(), name.size()}, index, &value);
  }
  binade_value get(std::string_view name, std::uint64_t index = 0) const {
    binade_value value{};
    value.struct_size = sizeof(value);
    EXPECT_EQ(get(name, index, value), BINADE_OK);
    EXPECT_EQ(value.struct_size, sizeof(value));
    return value;
  }

  std::vector<std::unique_ptr<OptionSpec>> specs;
  OptionTable options;
  OptionsView view{options};
};

TEST_F(OptionsViewTest, ShowsEachTypeAndArrays) {
  add("flag", OptionType::boolean, {true});
  add("units", OptionType::integer, {std::numeric_limits<std::int64_t>::min()});
  add("limits.low", OptionType::number, {-0.5});
  add("names", OptionType::string, {std::string("a"), std::string("")});
  add("file", OptionType::path, {std::string("/data")});
  EXPECT_EQ(get("flag").type, std::uint32_t{BINADE_TYPE_BOOLEAN});
  EXPECT_EQ(get("flag").integer, 1);
  EXPECT_EQ(get("units").integer, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(get("limits.low").number, -0.5);
  EXPECT_EQ(count("names"), 2u);
  EXPECT_EQ(std::string_view(get("names").string.data, get("names").string.size), "a");
  EXPECT_EQ(get("names", 1).string.size, 0u);
  EXPECT_EQ(get("file").type, std::uint32_t{BINADE_TYPE_PATH});
}

TEST_F(OptionsViewTest, HasNoValueForWhatIsAbsentUndeclaredOrBeyondTheEnd) {
  add("absent", OptionType::string, {});
  add("units", OptionType::integer, {std::int64_t{1}});
  binade_value value{};
  value.struct_size = sizeof(value);
  EXPECT_EQ(count("absent"), 0u);
  EXPECT_EQ(count("undeclared"), 0u);
  EXPECT_EQ(get("absent", 0, value), BINADE_NOT_FOUND);
  EXPECT_EQ(get("undeclared", 0, value), BINADE_NOT_FOUND);
  EXPECT_EQ(get("units", 1, value), BINADE_NOT_FOUND);
}

TEST_F(OptionsViewTest, WritesNoFurtherThanThePluginsStruct) {
  add("units", OptionType::integer, {std::int64_t{7}});
  binade_value value{};
  value.struct_size = offsetof(binade_value, number);
  value.number = 3.5;
  EXPECT_EQ(get("units", 0, value), BINADE_OK);
  EXPECT_EQ(value.integer, 7);
  EXPECT_EQ(value.number, 3.5);
}

}  // namespace
}  // namespace binade::host
