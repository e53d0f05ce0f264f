// A plugin's manifest: its identity, options and metrics. Parsed from the TOML that the plugin carries, before its code
// is loaded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/experiment/schema/metric_declaration.h"
#include "host/experiment/schema/option.h"

namespace binade::host {

enum class PluginKind { dataset = 1, precision = 2, logger = 3, model = 4 };  // the values of BINADE_KIND_*

std::string_view to_string(PluginKind kind);

// Whether the text can be a plugin's id: 1 to 64 characters of a-z 0-9 _ -, beginning with a letter.
bool is_plugin_id(std::string_view text);

struct AbiVersion {
  std::uint32_t major = 0, minor = 0;
};

struct Manifest {
  std::string id;  // [a-z][a-z0-9_-]{0,63}
  PluginKind kind = PluginKind::model;
  std::string version;
  std::string summary;
  std::vector<std::string> inputs;  // models: dataset fields passed to forward(), in order; empty: the dataset's first
  bool is_default = false;          // datasets: the default of experiments without [dataset]; `default = true`
  std::optional<AbiVersion> needs_abi;  // the lowest minor that it works with; `needs_abi = "1.1"`
  std::vector<OptionSpec> options;
  std::vector<MetricDeclaration> metrics;  // that its code may update
};

// Keys of a plugin's section that the host reads itself, so that manifests must not declare them.
const std::vector<OptionSpec>& reserved_options(PluginKind kind);

// Parses a manifest, which diagnostics call `source`. Adds mistakes to `diagnostics`; then the result must not be used.
Manifest parse_manifest(const std::string& text, const std::string& source, Diagnostics& diagnostics);

// Provides manifests for the check of an experiment, such as the catalogue of installed plugins.
class ManifestSource {
 public:
  virtual ~ManifestSource() = default;
  // Returns nullptr when there is no such plugin. `library` is the file of a `library = "..."` key, or empty. For a
  // plugin that exists but is refused, adds a mistake at `where` to `diagnostics` and returns nullptr.
  virtual const Manifest* find(PluginKind kind, const std::string& id, const std::string& library,
                               const Location& where, Diagnostics& diagnostics) const = 0;
  virtual std::vector<std::string> ids(PluginKind kind) const = 0;
};

}  // namespace binade::host
