// After linking and stripping, a plugin has one exported symbol and its notes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "host/loading/plugin_file.h"
#include "tests/loading/fixture.h"

namespace binade::host {
namespace {

std::string output_of(const std::string& command) {
  std::string output;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
  for (char buffer[4096]; std::fgets(buffer, sizeof(buffer), pipe) != nullptr;) output += buffer;
  if (::pclose(pipe) != 0) throw std::runtime_error(command + " failed: " + output);
  return output;
}

std::string exported_symbols(const std::filesystem::path& path) {
  return output_of(fmt::format(BINADE_NM " -D --defined-only --format=just-symbols '{}'", path.string()));
}

TEST(ExportedSymbols, OfEveryPluginInTheTreeAreItsEntryAlone) {
  int plugins = 0;
  for (const auto& entry : std::filesystem::directory_iterator(BINADE_PLUGIN_DIR)) {
    if (entry.path().extension() != ".so") continue;
    EXPECT_EQ(exported_symbols(entry.path()), "binade_plugin_v1\n") << entry.path();
    ++plugins;
  }
  EXPECT_GT(plugins, 0);
}

TEST(ExportedSymbols, OfFixturesInCAndCxxAndWithLinkTimeOptimisationAreTheEntryAlone) {
  for (const auto* name : {"good", "optimized", "throws_in_create"}) {
    EXPECT_EQ(exported_symbols(fixture(name)), "binade_plugin_v1\n") << name;
  }
}

TEST(Note, SurvivesLinkTimeOptimisationAndGarbageCollection) {
  EXPECT_EQ(read_plugin_file(fixture("optimized")).manifest.id, "good");
  EXPECT_TRUE(read_plugin_file(fixture("build_block")).build_block);
}

TEST(Note, SurvivesStripAndObjcopy) {
  const TemporaryFolder folder;
  const auto path = folder / "plugin.so";
  for (const auto* name : {"good", "optimized", "build_block", "throws_in_create"}) {
    for (const auto* command :
         {BINADE_STRIP " -o '{1}' '{0}'", BINADE_OBJCOPY " --strip-debug '{0}' '{1}'",
          BINADE_OBJCOPY " --strip-unneeded '{0}' '{1}'", BINADE_OBJCOPY " --compress-debug-sections '{0}' '{1}'"}) {
      output_of(fmt::format(fmt::runtime(command), fixture(name).string(), path.string()));
      const auto before = read_plugin_file(fixture(name)), after = read_plugin_file(path);
      EXPECT_EQ(after.manifest.id, before.manifest.id) << command;
      EXPECT_EQ(after.build_block.has_value(), before.build_block.has_value()) << command;
      EXPECT_EQ(exported_symbols(path), exported_symbols(fixture(name))) << command;
    }
  }
}

}  // namespace
}  // namespace binade::host
