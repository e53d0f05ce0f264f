#include "host/data/fingerprint/fingerprint_differences.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string_view>

namespace binade::host {
namespace {

constexpr std::string_view split_prefix = "split.", file_prefix = "file.";

const std::string* find(const Fingerprint& of, const std::string& key) {
  const auto found = of.find(key);
  return found == of.end() ? nullptr : &found->second;
}

bool is_hash(const std::string* value) { return value != nullptr && value->find("sha256 ") != std::string::npos; }

// The comparison of one split.
struct ComparedSplit {
  std::string name;
  std::string size;            // "71 samples"
  std::uint64_t compared = 0;  // samples
  bool differs = false;
};

ComparedSplit compare(const std::string& name, const Fingerprint& before, const Fingerprint& now) {
  const auto key = std::string(split_prefix) + name;
  const auto *was = find(before, key), *is = find(now, key);
  ComparedSplit split{name, is == nullptr ? "" : *is, 0, was == nullptr || is == nullptr || *was != *is};
  const auto levels = key + ".";
  for (auto level = before.lower_bound(levels); level != before.end() && level->first.starts_with(levels); ++level) {
    const auto* other = find(now, level->first);
    if (other == nullptr) continue;
    const auto samples = std::strtoull(level->first.c_str() + levels.size(), nullptr, 10);
    split.compared = std::max<std::uint64_t>(split.compared, samples);
    split.differs = split.differs || *other != level->second;
  }
  return split;
}

std::vector<ComparedSplit> compared_splits(const Fingerprint& before, const Fingerprint& now) {
  std::set<std::string> names;
  for (const auto* fingerprint : {&before, &now}) {
    for (const auto& [key, value] : *fingerprint) {
      if (!key.starts_with(split_prefix)) continue;
      const auto name = key.substr(split_prefix.size());
      names.insert(name.substr(0, name.find('.')));
    }
  }
  std::vector<ComparedSplit> splits;
  splits.reserve(names.size());
  for (const auto& name : names) splits.push_back(compare(name, before, now));
  return splits;
}

bool lists_files(const Fingerprint& fingerprint) {
  const auto first = fingerprint.lower_bound(std::string(file_prefix));
  return first != fingerprint.end() && first->first.starts_with(file_prefix);
}

// False if one of them could not be hashed: then nothing is known.
bool differ(const std::string& was, const std::string& is) {
  if (was == changed_meanwhile || is == changed_meanwhile) return true;
  return is_hash(&was) && is_hash(&is) && was != is;
}

// Formats changed files for a message: "`/data/a.csv`", "`/data/b.csv`, which is new".
std::vector<std::string> changed_files(const Fingerprint& before, const Fingerprint& now) {
  const auto *was = find(before, "files"), *is = find(now, "files");
  if (was == nullptr || is == nullptr || (*was == *is && is_hash(was))) return {};
  if (!lists_files(before) || !lists_files(now)) {
    if (!is_hash(was) || !is_hash(is)) return {};
    return {"some of " + was->substr(0, was->find(','))};
  }
  std::set<std::string> keys;
  for (const auto* fingerprint : {&before, &now}) {
    for (auto file = fingerprint->lower_bound(std::string(file_prefix));
         file != fingerprint->end() && file->first.starts_with(file_prefix); ++file) {
      keys.insert(file->first);
    }
  }
  std::vector<std::string> changed;
  for (const auto& key : keys) {
    const auto *old_file = find(before, key), *new_file = find(now, key);
    if (old_file != nullptr && new_file != nullptr && !differ(*old_file, *new_file)) continue;
    const auto* how = old_file == nullptr              ? ", which is new"
                      : new_file == nullptr            ? ", which is gone"
                      : *old_file == changed_meanwhile ? ", which changed while that run started"
                      : *new_file == changed_meanwhile ? ", which changed while this run started"
                                                       : "";
    changed.push_back(fmt::format("`{}`{}", key.substr(file_prefix.size()), how));
  }
  return changed;
}

std::string listed(const std::vector<std::string>& files) {
  constexpr std::size_t shown = 3;
  if (files.size() == 1) return files.front();
  const auto end = files.begin() + static_cast<std::ptrdiff_t>(std::min(shown, files.size()));
  auto text = fmt::format("{}", fmt::join(files.begin(), end, ", "));
  if (files.size() > shown) text += fmt::format(" and {} more", files.size() - shown);
  return text;
}

std::string shares(const std::vector<ComparedSplit>& splits) {
  std::vector<std::string> texts;
  texts.reserve(splits.size());
  for (const auto& split : splits) {
    texts.push_back(fmt::format("{} of {} of `{}`", split.compared, split.size, split.name));
  }
  return fmt::format("{}", fmt::join(texts, " and "));
}

}  // namespace

std::vector<std::string> data_differences(const Fingerprint& before, const Fingerprint& now) {
  if (now.empty()) return {};
  if (before.empty()) return {"the checkpoint does not say what data it was trained on"};
  std::vector<std::string> differences, changed;
  const auto splits = compared_splits(before, now);
  for (const auto& split : splits) {
    if (split.differs) changed.push_back(split.name);
  }
  const auto files = changed_files(before, now);
  if (!changed.empty()) {
    auto text = fmt::format("the data of `{}` changed", changed.front());
    for (std::size_t i = 1; i < changed.size(); ++i) text += fmt::format(", and that of `{}`", changed[i]);
    differences.push_back(files.empty() ? text : fmt::format("{} ({})", text, listed(files)));
  } else if (!files.empty()) {
    auto text = fmt::format("the data changed ({})", listed(files));
    if (!splits.empty()) text += ", but not in the samples that were compared: " + shares(splits);
    differences.push_back(std::move(text));
  }
  const auto *was = find(before, "description"), *is = find(now, "description");
  if (was != nullptr && is != nullptr && *was != *is) {
    differences.emplace_back("the dataset describes other fields or facts");
  }
  return differences;
}

std::string compared_in_part(const Fingerprint& before, const Fingerprint& now) {
  const auto *was = find(before, "files"), *is = find(now, "files");
  if ((was == nullptr && is == nullptr) || (is_hash(was) && is_hash(is))) return {};
  const auto splits = compared_splits(before, now);
  const auto whole = [](const ComparedSplit& split) {
    return split.compared == std::strtoull(split.size.c_str(), nullptr, 10);
  };
  return std::all_of(splits.begin(), splits.end(), whole) ? "" : fmt::format("as far as {} show", shares(splits));
}

Fingerprint without_splits(Fingerprint fingerprint) {
  std::erase_if(fingerprint, [](const auto& entry) { return entry.first.starts_with(split_prefix); });
  return fingerprint;
}

Fingerprint without_files(Fingerprint fingerprint) {
  std::erase_if(fingerprint, [](const auto& entry) { return entry.first.starts_with(file_prefix); });
  return fingerprint;
}

Fingerprint fingerprint_in(const std::map<std::string, std::string>& record) {
  Fingerprint fingerprint;
  for (const auto& [key, value] : record) {
    if (key.starts_with(data_prefix)) fingerprint[key.substr(data_prefix.size())] = value;
  }
  return fingerprint;
}

void add_fingerprint(std::map<std::string, std::string>& record, const Fingerprint& fingerprint) {
  for (const auto& [key, value] : fingerprint) record[std::string(data_prefix) + key] = value;
}

}  // namespace binade::host
