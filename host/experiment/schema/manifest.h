// A plugin's manifest: what it is and which options it takes. Parsed from the TOML that the plugin carries, before any
// of its code is loaded.
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

// Whether a plugin may be called so: 1 to 64 of a-z 0-9 _ -, the first a letter.
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
  bool is_default = false;          // datasets: taken where an experiment has no [dataset]; `default = true`
  std::optional<AbiVersion> needs_abi;  // the first minor that it can work with; `needs_abi = "1.1"`
  std::vector<OptionSpec> options;
  std::vector<MetricDeclaration> metrics;  // that its code may update
};

// Keys of a plugin's table in the experiment that the host reads itself, so that no manifest may declare them.
const std::vector<OptionSpec>& reserved_options(PluginKind kind);

// Parses a manifest. `source` names it in diagnostics. On mistakes `diagnostics` grows and what came out is not to be
// used.
Manifest parse_manifest(const std::string& text, const std::string& source, Diagnostics& diagnostics);

// Where the experiment's check finds manifests; the catalogue of installed plugins is one.
class ManifestSource {
 public:
  virtual ~ManifestSource() = default;
  // nullptr when there is none. `library`: the explicit file of a `library = "..."` key, or empty. A plugin that is
  // there but refused is reported by adding to `diagnostics` at `where`, and nullptr is returned.
  virtual const Manifest* find(PluginKind kind, const std::string& id, const std::string& library,
                               const Location& where, Diagnostics& diagnostics) const = 0;
  virtual std::vector<std::string> ids(PluginKind kind) const = 0;
};

}  // namespace binade::host
