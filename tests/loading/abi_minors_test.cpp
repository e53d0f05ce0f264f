// Plugins and hosts of different minors of the ABI together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "binade/abi/precision.h"
#include "binade/options.h"
#include "host/loading/abi_history.h"
#include "host/loading/open_plugin.h"
#include "host/loading/plugin.h"
#include "tests/loading/fixture.h"

namespace binade::host {
namespace {

// What the fixture answers, and that it could log.
std::uint32_t use(const Plugin& plugin) {
  OptionSpec spec;
  spec.name = "scale";
  spec.type = OptionType::number;
  OptionTable options;
  options.add({&spec, {2.0}, Origin::default_, {}});
  const auto table = plugin.table<binade_precision_table>();
  void* self = nullptr;
  plugin.call("create", [&](binade_error* error) {
    return table.create(plugin.host(), OptionsView(options).table(), &self, error);
  });
  binade_policy policy{};
  policy.struct_size = sizeof(policy);
  plugin.call("policy", [&](binade_error* error) { return table.policy(self, &policy, error); });
  table.destroy(self);
  return policy.compute_dtype;
}

TEST(AbiMinors, APluginOfTheFirstMinorWorksInThisHost) {
  const auto file = read_plugin_file(fixture("good_1_0"));
  EXPECT_EQ(file.abi_minor, 0u);
  const auto plugin = open_plugin(file, nullptr);
  EXPECT_EQ(plugin.abi_minor(), 0u);
  EXPECT_EQ(use(plugin), std::uint32_t{BINADE_FLOAT16});
}

TEST(AbiMinors, ThisPluginWorksInAHostOfTheFirstMinor) {
  const auto file = read_plugin_file(fixture("good"));
  EXPECT_EQ(file.abi_minor, std::uint32_t{BINADE_ABI_MINOR});
  const auto plugin = open_plugin(file, nullptr, 0);
  EXPECT_EQ(plugin.abi_minor(), 0u);
  EXPECT_EQ(plugin.host()->struct_size, offsetof(binade_host, cache_folder));
  EXPECT_EQ(use(plugin), std::uint32_t{BINADE_FLOAT16});
  EXPECT_EQ(Host(plugin.host()).cache_folder(), "");
}

TEST(AbiMinors, APluginOfALaterMinorIsTakenUnlessItSaysThatItNeedsMore) {
  const TemporaryFolder folder;
  auto bytes = read_bytes(fixture("good"));
  ManifestNote note(bytes, BINADE_NOTE_MANIFEST);
  note.description.abi_minor = 40;
  note.put_back();
  const binade_plugin now{sizeof(binade_plugin), BINADE_ABI_MAJOR, BINADE_ABI_MINOR, BINADE_KIND_PRECISION, nullptr};
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto place = all.find(std::string_view(reinterpret_cast<const char*>(&now), offsetof(binade_plugin, table)));
  ASSERT_NE(place, std::string_view::npos);
  reinterpret_cast<binade_plugin*>(bytes.data() + place)->abi_minor = 40;
  write_bytes(folder / "later.so", bytes);
  const auto plugin = open_plugin(read_plugin_file(folder / "later.so"), nullptr);
  EXPECT_EQ(plugin.abi_minor(), std::uint32_t{BINADE_ABI_MINOR});
  EXPECT_EQ(use(plugin), std::uint32_t{BINADE_FLOAT16});
}

class CacheFolder : public testing::Test {
 protected:
  ~CacheFolder() override { ::unsetenv("BINADE_CACHE"); }
  std::string asked(const std::string& cache) {
    ::setenv("BINADE_CACHE", cache.c_str(), 1);
    const auto plugin = open_plugin(read_plugin_file(fixture("good")), nullptr);
    EXPECT_EQ(Host(plugin.host()).cache_folder(), Host(plugin.host()).cache_folder());
    return Host(plugin.host()).cache_folder();
  }
  TemporaryFolder folder;
};

TEST_F(CacheFolder, IsThereAndNamedAfterThePlugin) {
  const auto path = asked((folder / "cache").string());
  EXPECT_EQ(path, (folder / "cache/plugins/good").string());
  EXPECT_TRUE(std::filesystem::is_directory(path));
}

TEST_F(CacheFolder, IsEmptyWhereItCannotBeMade) {
  std::ofstream(folder / "file") << "in the way";
  EXPECT_EQ(asked((folder / "file").string()), "");
}

}  // namespace
}  // namespace binade::host
