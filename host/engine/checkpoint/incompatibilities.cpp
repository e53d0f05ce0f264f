#include "host/engine/checkpoint/incompatibilities.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "host/data/fingerprint/fingerprint_differences.h"

namespace binade::host {
namespace {

using Description = std::map<std::string, std::string>;

constexpr std::string_view option = "option.";

const std::string* find(const Description& of, const std::string& key) {
  const auto found = of.find(key);
  return found == of.end() ? nullptr : &found->second;
}

// False for schedules whose rate at a step does not depend on the number of steps.
bool looks_ahead(const Description& of) {
  const auto* schedule = find(of, "option.schedule.name");
  return schedule == nullptr || (*schedule != "\"constant\"" && *schedule != "\"step\"");
}

bool harmless(std::string_view key, const Description& before, const Description& now) {
  constexpr std::array sections{"checkpoint.", "metrics.", "logger.", "watchdog."};
  constexpr std::array keys{"experiment.name",        "experiment.tags",  "experiment.notes",
                            "experiment.fingerprint", "train.workers",    "train.prefetch",
                            "train.threads",          "train.device",        // as what they gave
                            "model.init_from",        "model.init_strict"};  // of the first step
  constexpr std::array lengths{"train.steps", "train.epochs", "train.max_time"};
  if (!key.starts_with(option)) return false;
  key.remove_prefix(option.size());
  const auto is_key = [&](std::string_view name) { return key == name; };
  if (std::any_of(sections.begin(), sections.end(), [&](std::string_view name) { return key.starts_with(name); })) {
    return true;
  }
  if (std::any_of(keys.begin(), keys.end(), is_key)) return true;
  return std::any_of(lengths.begin(), lengths.end(), is_key) && !looks_ahead(before) && !looks_ahead(now);
}

std::string shown(std::string_view key) {
  if (key.starts_with(option)) key.remove_prefix(option.size());
  return std::string(key);
}

}  // namespace

std::vector<std::string> resume_differences(const Description& before, const Description& now) {
  std::set<std::string> keys;
  for (const auto* description : {&before, &now}) {
    for (const auto& [key, value] : *description) keys.insert(key);
  }
  auto differences = data_differences(fingerprint_in(before), fingerprint_in(now));
  for (const auto& key : keys) {
    if (key.starts_with(data_prefix)) continue;
    const auto *was = find(before, key), *is = find(now, key);
    if ((was != nullptr && is != nullptr && *was == *is) || harmless(key, before, now)) continue;
    if (was == nullptr) {
      differences.push_back(shown(key) + " is " + *is + " and was not given");
    } else if (is == nullptr) {
      differences.push_back(shown(key) + " was " + *was + " and is not given");
    } else {
      differences.push_back(shown(key) + " was " + *was + " and is " + *is);
    }
  }
  return differences;
}

std::string compared_data(const Description& before, const Description& now) {
  return compared_in_part(fingerprint_in(before), fingerprint_in(now));
}

std::vector<std::string> incompatibilities(const Description& before, const Description& now) {
  std::vector<std::string> differences;
  for (const char* key : {"option.model.plugin", "option.dataset.plugin", "option.optimizer.name"}) {
    const auto *was = find(before, key), *is = find(now, key);
    if (was == nullptr || is == nullptr || *was == *is) continue;
    differences.push_back(shown(key) + " was " + *was + " and is " + *is);
  }
  return differences;
}

}  // namespace binade::host
