// What a run leaves in its folder, for tests.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace binade::testing {

// A file of one JSON value a line. `Json` may be nlohmann::ordered_json, which keeps the order of keys.
template <class Json = nlohmann::json>
std::vector<Json> json_lines(const std::filesystem::path& path) {
  std::vector<Json> values;
  std::istringstream text(contents(path));
  for (std::string line; std::getline(text, line);) values.push_back(Json::parse(line));
  return values;
}

inline nlohmann::json summary_of(const std::filesystem::path& run) {
  return nlohmann::json::parse(contents(run / "summary.json"));
}

// metrics.jsonl with the samples of gradients; and its steps and evaluations alone.
inline std::vector<nlohmann::json> all_metrics(const std::filesystem::path& run) {
  return json_lines(run / "metrics.jsonl");
}
inline std::vector<nlohmann::json> metrics(const std::filesystem::path& run) {
  auto lines = all_metrics(run);
  std::erase_if(lines, [](const nlohmann::json& line) { return line["split"] == "gradients"; });
  return lines;
}

}  // namespace binade::testing
