#include "host/commands/run_description.h"

#include <fmt/format.h>

#include "host/commands/version.h"
#include "host/experiment/toml_text.h"

namespace binade::host {

std::map<std::string, std::string> made_by(const Experiment& experiment, const std::vector<Plugin>& plugins,
                                           const EngineInfo& engine) {
  std::map<std::string, std::string> description{
      {"binade", version()}, {"libtorch", engine.torch_version}, {"cpu_capability", engine.cpu_capability}};
  for (const auto& plugin : plugins) {
    if (plugin.kind() == PluginKind::logger) continue;
    description[fmt::format("plugin {} ({})", plugin.id(), to_string(plugin.kind()))] = "sha256 " + plugin.sha256();
  }
  for (const auto& section : resolved_sections(experiment)) {
    for (const auto* table : section.tables) {
      for (const auto& option : table->options()) {
        if (option.values.empty() && !option.spec->array) continue;
        const auto key = option.spec->table ? option.spec->name + "." + option.key : option.spec->name;
        description[fmt::format("option.{}.{}", section.name, key)] =
            option.spec->array ? toml_array(option.values) : toml_scalar(option.values.front());
      }
    }
  }
  return description;
}

}  // namespace binade::host
