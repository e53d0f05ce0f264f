// A table of an experiment or a manifest, checked against the options that it may hold.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/experiment/schema/option.h"
#include "host/experiment/toml/document.h"

namespace binade::host {

using Specs = std::vector<const OptionSpec*>;

struct CheckedSection {
  std::string name;              // "train", "logger.0": values are called `train.steps`; empty: a whole manifest
  std::filesystem::path folder;  // relative paths of defaults are relative to it; absolute
  // For keys that are known elsewhere: a note to go with "unknown key".
  std::map<std::string, std::string> elsewhere;
  std::vector<std::string> also;  // keys that the caller reads itself: valid, and passed over
  bool partial = false;           // which keys must be there is not known, so none is missed
  bool environment = true;        // texts may name environment variables; those of a manifest may say what they like
};

// The path with `~` in front replaced by the home folder.
std::filesystem::path home_expanded(const std::string& text);

// "[train]", "[[logger]]" for "logger.0", "the manifest" for "".
std::string heading(const std::string& section);

// "a, b, c"
std::string listed(const std::vector<std::string>& names);

// The table with every option of `specs` once (a table of any keys once for each key), in that order: as given, or by
// default, or without a value where it is wired, optional or wrong. Environment variables are replaced. Paths are
// absolute: those of a file relative to that file, those of overrides relative to the current folder, defaults relative
// to `section.folder`; `~/` is the home folder.
OptionTable check_table(const Node& table, const CheckedSection& section, const Specs& specs, Diagnostics& diagnostics);

// The elements of an array of tables ([[name]]); none, after a mistake, where it is something else.
const std::vector<Node>& tables_of(const Member& member, const std::string& name, Diagnostics& diagnostics);

Specs pointers(const std::vector<OptionSpec>& specs);

}  // namespace binade::host
