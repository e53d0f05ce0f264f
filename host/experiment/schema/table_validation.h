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
  std::string name;              // "train", "logger.0": `train.steps` in messages; empty: a whole manifest
  std::filesystem::path folder;  // relative paths of defaults are relative to it; absolute
  // For keys of other tables: a note for the message "unknown key".
  std::map<std::string, std::string> elsewhere;
  std::vector<std::string> also;  // keys that the caller reads itself: valid and ignored
  bool partial = false;           // the required keys are not known, so a missing key is not a mistake
  bool environment = true;        // checks environment variables in texts; not for manifests
};

// Returns the path with a leading `~` replaced by the home folder.
std::filesystem::path home_expanded(const std::string& text);

// "[train]", "[[logger]]" for "logger.0", "the manifest" for "".
std::string heading(const std::string& section);

// "a, b, c"
std::string listed(const std::vector<std::string>& names);

// Returns the table with every option of `specs` once (a table of any keys once per key), in that order: as given, by
// default, or without a value if it is wired, optional or wrong. Replaces environment variables and makes paths
// absolute: those of a file relative to that file, those of overrides relative to the current folder, defaults relative
// to `section.folder`; `~/` is the home folder.
OptionTable check_table(const Node& table, const CheckedSection& section, const Specs& specs, Diagnostics& diagnostics);

// Returns the elements of an array of tables ([[name]]); empty, after a mistake, if it is something else.
const std::vector<Node>& tables_of(const Member& member, const std::string& name, Diagnostics& diagnostics);

Specs pointers(const std::vector<OptionSpec>& specs);

}  // namespace binade::host
