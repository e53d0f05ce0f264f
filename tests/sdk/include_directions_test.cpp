// The directions of includes: plugins -> sdk <- host, inside the host from each room to those below it, LibTorch only
// in host/engine and in models, and no plugin's name in the host.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace {

using testing::IsEmpty;

const std::filesystem::path tree = BINADE_SOURCE_DIR;

// Files below a folder whose names end so, relative to the tree.
std::vector<std::string> files_below(const std::string& folder, const std::set<std::string>& extensions) {
  std::vector<std::string> files;
  if (!std::filesystem::exists(tree / folder)) return files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(tree / folder)) {
    if (entry.is_regular_file() && extensions.contains(entry.path().extension().string())) {
      files.push_back(entry.path().lexically_relative(tree).string());
    }
  }
  return files;
}

struct Include {
  std::string file, header;
};

std::vector<Include> includes_below(const std::string& folder) {
  static const std::regex line("(?:^|\n)[ \t]*#[ \t]*include[ \t]*[<\"]([^>\"]+)[>\"]");
  std::vector<Include> includes;
  for (const auto& file : files_below(folder, {".h", ".hpp", ".c", ".cpp", ".cc", ".cu", ".cuh"})) {
    const auto text = contents(tree / file);
    for (std::sregex_iterator match(text.begin(), text.end(), line), end; match != end; ++match) {
      includes.push_back({file, (*match)[1]});
    }
  }
  return includes;
}

// The includes of a folder that are forbidden there, as "file includes header".
std::vector<std::string> forbidden(const std::string& folder, const std::function<bool(const Include&)>& is_forbidden) {
  const auto includes = includes_below(folder);
  EXPECT_FALSE(includes.empty()) << "nothing was looked at in " << folder;
  std::vector<std::string> found;
  for (const auto& include : includes) {
    if (is_forbidden(include)) found.push_back(include.file + " includes " + include.header);
  }
  return found;
}

// Where an include leads that names a file of the tree, relative to the tree; otherwise the header as written.
std::string target(const Include& include) {
  const auto beside = (tree / include.file).parent_path() / include.header;
  if (std::filesystem::exists(beside)) return beside.lexically_normal().lexically_relative(tree).string();
  return include.header;
}

bool is_libtorch(const std::string& header) {
  return std::regex_search(header, std::regex("^(torch|ATen|c10|caffe2)/")) || header == "binade/model.h" ||
         header == "binade/build_block.h";
}

TEST(IncludeDirections, SdkKnowsNothingButItself) {
  EXPECT_THAT(forbidden("sdk",
                        [](const Include& include) {
                          const auto path = target(include);
                          return path.starts_with("host/") || path.starts_with("plugins/") ||
                                 path.starts_with("tests/");
                        }),
              IsEmpty());
}

TEST(IncludeDirections, PluginsKnowTheSdkAndFilesOfTheirKindOnly) {
  EXPECT_THAT(forbidden("plugins",
                        [](const Include& include) {
                          const auto path = target(include);
                          // Plugins of a kind share files: "plugins/datasets/".
                          const auto own = include.file.substr(0, include.file.find('/', sizeof("plugins")) + 1);
                          return path.starts_with("host/") || path.starts_with("tests/") || path.starts_with("sdk/") ||
                                 (path.starts_with("plugins/") && !path.starts_with(own));
                        }),
              IsEmpty());
}

TEST(IncludeDirections, HostKnowsNoPluginAndLibTorchOnlyInItsEngine) {
  EXPECT_THAT(forbidden("host",
                        [](const Include& include) {
                          const auto path = target(include);
                          return path.starts_with("plugins/") || path.starts_with("tests/") ||
                                 (is_libtorch(path) && !include.file.starts_with("host/engine/"));
                        }),
              IsEmpty());
}

// They take seconds to compile, in each source that sees them.
TEST(IncludeDirections, HeavyLibrariesStayOutOfTheHostsHeaders) {
  EXPECT_THAT(forbidden("host",
                        [](const Include& include) {
                          if (include.header.starts_with("CLI/")) return include.file != "host/cli/verb.cpp";
                          return include.header == "nlohmann/json.hpp" && include.file.ends_with(".h") &&
                                 include.file != "host/engine/checkpoint/snapshot.h";  // all its users need it
                        }),
              IsEmpty());
}

// Lowest first, as host/README.md lists them.
const std::vector<std::string> rooms{"base",    "events",    "experiment", "loading",     "data",
                                     "storage", "telemetry", "engine_api", "engine",      "cli",
                                     "run",     "bench",     "trials",     "conformance", "commands"};

// "host/run/reports/crash_report.h" is in the room `run`; a file in host/ itself is in no room.
std::string room_of(const std::string& path) {
  std::smatch match;
  return std::regex_search(path, match, std::regex("^host/([^/]+)/")) ? match[1].str() : std::string();
}

TEST(IncludeDirections, EachRoomIncludesOnlyItselfAndRoomsBelowIt) {
  const auto height = [](const std::string& path) {
    return std::find(rooms.begin(), rooms.end(), room_of(path)) - rooms.begin();
  };
  EXPECT_THAT(forbidden("host",
                        [&](const Include& include) {
                          const auto path = target(include);
                          return path.starts_with("host/") && !room_of(include.file).empty() &&
                                 height(path) > height(include.file);
                        }),
              IsEmpty());
}

TEST(IncludeDirections, TheArchitecturePageListsEveryRoomInOrder) {
  std::set<std::string> folders;
  for (const auto& entry : std::filesystem::directory_iterator(tree / "host")) {
    if (entry.is_directory()) folders.insert(entry.path().filename().string());
  }
  EXPECT_EQ(folders, std::set<std::string>(rooms.begin(), rooms.end()));
  const auto page = contents(tree / "host/README.md");
  std::vector<std::string> listed;
  static const std::regex row("(?:^|\n)\\| `([a-z_]+)/` \\|");
  for (std::sregex_iterator match(page.begin(), page.end(), row), end; match != end; ++match)
    listed.push_back((*match)[1]);
  EXPECT_EQ(listed, rooms);
}

TEST(IncludeDirections, NoFolderHoldsMoreThanThirtySources) {
  std::map<std::string, int> sources;
  for (const auto* part : {"host", "sdk", "plugins"}) {
    for (const auto& file : files_below(part, {".h", ".hpp", ".c", ".cpp", ".cu"})) {
      ++sources[std::filesystem::path(file).parent_path().string()];
    }
  }
  EXPECT_FALSE(sources.empty());
  for (const auto& [folder, count] : sources) EXPECT_LE(count, 30) << folder;
}

TEST(IncludeDirections, OnlyModelsAmongPluginsIncludeLibTorch) {
  EXPECT_THAT(forbidden("plugins",
                        [](const Include& include) {
                          return is_libtorch(include.header) && !include.file.starts_with("plugins/models/");
                        }),
              IsEmpty());
}

// fp32, bf16 and fp16 are also names of number formats, which the host may show, and tokens are what a step counts.
TEST(IncludeDirections, NoPluginIdStandsInTheHostAsAString) {
  std::set<std::string> ids;  // in quotes
  for (const auto& file : files_below("plugins", {".toml"})) {
    const auto text = contents(tree / file);
    std::smatch match;
    ASSERT_TRUE(std::regex_search(text, match, std::regex("(?:^|\n)id *= *(\"([^\"]+)\")"))) << file;
    if (!std::set<std::string>{"fp32", "bf16", "fp16", "tokens"}.contains(match[2])) ids.insert(match[1]);
  }
  EXPECT_FALSE(ids.empty());
  std::vector<std::string> found;
  for (const auto& file : files_below("host", {".h", ".cpp"})) {
    const auto text = contents(tree / file);
    for (const auto& id : ids) {
      if (text.find(id) != std::string::npos) found.emplace_back(file).append(" contains ").append(id);
    }
  }
  EXPECT_THAT(found, IsEmpty());
}

}  // namespace
