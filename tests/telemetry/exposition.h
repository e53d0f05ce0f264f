// Reads a metric from the exposition format.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/text_serializer.h>

#include <sstream>
#include <string>
#include <vector>

namespace binade::host {

inline std::string exposition(const prometheus::Collectable& collectable) {
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, collectable.Collect());
  return text.str();
}

inline std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) result.push_back(line);
  return result;
}

// The value of a series of the run "test-run", as text: "binade_loss", R"(split="train")". Empty when there is none.
inline std::string value_of(const prometheus::Collectable& collectable, const std::string& name,
                            const std::string& labels = "") {
  const std::string series = name + "{run_id=\"test-run\"" + (labels.empty() ? "" : ",") + labels + "} ";
  for (const auto& line : lines(exposition(collectable))) {
    if (line.starts_with(series)) return line.substr(series.size());
  }
  return "";
}

}  // namespace binade::host
