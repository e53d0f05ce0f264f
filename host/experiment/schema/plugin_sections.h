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

  // The one section `name` of the file, which must be there.
  PluginSection required(const Node& root, const std::string& name, PluginKind kind) const;
  // [dataset]; where the file has none, the dataset whose manifest says `default = true`, if there is one.
  PluginSection dataset(const Node& root) const;
  // [precision]; where the file has none, `stand_in`, if that is not empty.
  PluginSection precision(const Node& root, const std::string& stand_in) const;
  // [[logger]], any number of them.
  std::vector<PluginSection> loggers(const Node& root) const;

 private:
  PluginSection check(const Node& table, const std::string& name, PluginKind kind) const;
  PluginSection standing_in(const std::string& name, PluginKind kind, const std::string& id) const;
  const Manifest* find_manifest(const PluginSection& section, PluginKind kind) const;
  // The ids of the datasets that would stand in.
  std::vector<std::string> default_datasets() const;
  // What `plugin = ` may say: the ids, and the host's own word.
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
