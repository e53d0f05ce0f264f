// The sections that plugins fill: [model], [dataset], [precision], [[logger]].
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/experiment/experiment.h"
#include "host/experiment/schema/table_validation.h"

namespace binade::host {

class PluginSections {
 public:
  // `source` names the file in diagnostics; `folder` is where its relative paths begin.
  PluginSections(std::string source, std::filesystem::path folder, const ManifestSource& plugins,
                 Diagnostics& diagnostics);

  // Checks the section `name`, which must exist.
  PluginSection required(const Node& root, const std::string& name, PluginKind kind) const;
  // Checks [dataset]. Without it, uses the dataset whose manifest says `default = true`, if there is one.
  PluginSection dataset(const Node& root) const;
  // Checks [precision]. Without it, uses `stand_in` unless that is empty.
  PluginSection precision(const Node& root, const std::string& stand_in) const;
  // Checks all [[logger]].
  std::vector<PluginSection> loggers(const Node& root) const;

 private:
  PluginSection check(const Node& table, const std::string& name, PluginKind kind) const;
  PluginSection standing_in(const std::string& name, PluginKind kind, const std::string& id) const;
  const Manifest* find_manifest(const PluginSection& section, PluginKind kind) const;
  // The ids of the datasets with `default = true`.
  std::vector<std::string> default_datasets() const;
  // The valid values of `plugin`: the ids, and "auto" of [precision].
  std::vector<std::string> offered(PluginKind kind) const;
  std::string available(PluginKind kind) const;

  std::string source_;
  std::filesystem::path folder_;
  const ManifestSource& plugins_;
  Diagnostics& diagnostics_;
};

// The names of all sections of an experiment: these and host_sections(), sorted.
std::vector<std::string> section_names();

}  // namespace binade::host
