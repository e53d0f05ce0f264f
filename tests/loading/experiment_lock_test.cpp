// Locks: written, read back, and refused where invalid.
#include "host/loading/lock/experiment_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/base/sha256.h"
#include "host/loading/open_plugin.h"
#include "tests/loading/fixture.h"

namespace binade::host {
namespace {

using testing::HasSubstr;

binade_build_block engine() { return read_build_block(fixture("build_block")).value(); }

std::string refusal(const std::string& text) {
  try {
    parse_lock(text, "some.lock");
    return "";
  } catch (const PluginRefused& refused) {
    EXPECT_EQ(refused.code(), "E0313");
    EXPECT_THAT(refused.what(), HasSubstr("some.lock"));
    return refused.what();
  }
}

TEST(Lock, NamesHostLibTorchAndEachPluginOnceWithItsHash) {
  EXPECT_FALSE(read_build_block(fixture("good")));
  const TemporaryFolder folder;
  const auto path = folder / "quoted \"name\".so";
  std::filesystem::copy_file(fixture("good"), path);
  auto lock = make_lock(engine(), "0.1.0");
  add(lock, open_plugin(read_plugin_file(path), nullptr));
  add(lock, read_plugin_file(path));
  EXPECT_EQ(to_toml(lock),
            "# What this run was made of. Written by Binade.\nlock = 1\nbinade = \"0.1.0\"\n\n[libtorch]\nversion = "
            "\"2.11.0\"\nc10_build_id = \"c10c10c10c10\"\ntorch_cpu_build_id = \"cafecafecafe\"\n\n[[plugin]]\nid = "
            "\"good\"\nkind = \"precision\"\nversion = \"1.2.3\"\npath = \"" +
                folder.path().string() + "/quoted \\\"name\\\".so\"\nsha256 = \"" + sha256_of_file(path) + "\"\n");
}

TEST(Lock, ReadsBackAsItWasWritten) {
  auto lock = make_lock(engine(), "0.1.0");
  add(lock, read_plugin_file(fixture("locked/with_library")));
  lock.plugins.push_back({"other", PluginKind::model, "2.0.0", "/tmp/\\ \u007f\n", "ab", {}});
  ASSERT_EQ(lock.plugins.front().libraries.size(), 1u);
  EXPECT_EQ(lock.plugins.front().libraries.front().name, "libbeside.so");
  EXPECT_EQ(lock.plugins.front().libraries.front().sha256,
            sha256_of_file(fixture("locked/with_library").parent_path() / "libbeside.so"));
  const auto text = to_toml(lock);
  const auto again = parse_lock(text, "some.lock");
  EXPECT_EQ(to_toml(again), text);
  EXPECT_EQ(again.plugins.back().path, lock.plugins.back().path);
  EXPECT_EQ(again.plugins.back().kind, PluginKind::model);
}

TEST(Lock, ThatIsWrongIsRefusedWithTheReason) {
  auto lock = make_lock(engine(), "0.1.0");
  add(lock, read_plugin_file(fixture("locked/with_library")));
  const auto text = to_toml(lock);
  EXPECT_EQ(refusal(text), "");
  const auto with = [&](const std::string& old, const std::string& now) {
    auto changed = text;
    changed.replace(changed.find(old), old.size(), now);
    return refusal(changed);
  };
  EXPECT_THAT(refusal(""), HasSubstr("binade"));
  EXPECT_THAT(refusal("lock = "), HasSubstr("E0102"));
  EXPECT_THAT(with("lock = 1", "lock = 2"), HasSubstr("`lock`"));
  EXPECT_THAT(with("lock = 1", "lock = \"1\""), HasSubstr("`lock`"));
  EXPECT_THAT(with("[libtorch]", "[libtorhc]"), HasSubstr("libtorhc"));
  EXPECT_THAT(with("\"precision\"", "\"precisoin\""), HasSubstr("precisoin"));
  EXPECT_THAT(with("version = \"1.2.3\"\n", ""), HasSubstr("version"));
  EXPECT_THAT(with("[[plugin.library]]", "[plugin.library]"), HasSubstr("library"));
  EXPECT_THAT(with("[[plugin]]", "[plugin]"), HasSubstr("plugin"));
  EXPECT_THAT(refusal(text + text.substr(text.find("[[plugin]]"))), HasSubstr("listed twice"));
}

TEST(Lock, ThatIsNotThereSaysHowToWriteIt) {
  try {
    read_lock("/nowhere/first.lock");
    FAIL();
  } catch (const PluginRefused& refused) {
    EXPECT_THAT(refused.what(), HasSubstr("/nowhere/first.lock"));
    EXPECT_THAT(refused.what(), HasSubstr("binade lock"));
  }
}

}  // namespace
}  // namespace binade::host
