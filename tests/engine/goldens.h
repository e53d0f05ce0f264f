// The recorded traces: those of tests/goldens, or of the folder that BINADE_GOLDENS names.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace binade::host::testing {

using Json = nlohmann::json;

inline Json golden_file(const std::string& name) {
  const char* folder = std::getenv("BINADE_GOLDENS");
  const auto path = (folder != nullptr ? std::filesystem::path(folder)
                                       : std::filesystem::path(BINADE_SOURCE_DIR) / "tests" / "goldens") /
                    name;
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  return Json::parse(file);
}

}  // namespace binade::host::testing
