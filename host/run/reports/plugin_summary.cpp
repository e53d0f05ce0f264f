#include "host/run/reports/plugin_summary.h"

#include <fmt/format.h>

#include "host/experiment/toml/toml_text.h"

namespace binade::host {

namespace {

std::string summary_of(const Plugin& plugin, const OptionTable& options) {
  std::string given;
  for (const auto& option : options.options()) {
    if (option.values.empty() && !option.spec->array) continue;
    given += fmt::format("{}{} = {}", given.empty() ? "" : ", ", option.spec->name,
                         option.spec->array ? toml_array(option.values) : toml_scalar(option.values.front()));
  }
  return fmt::format("plugin `{}` {} ({})\n  file: {}, sha256 {}\n  options: {}", plugin.id(), plugin.version(),
                     to_string(plugin.kind()), plugin.path().string(), plugin.sha256(), given.empty() ? "none" : given);
}

}  // namespace

std::vector<PluginSummary> summaries_of(const Experiment& experiment, const OpenedPlugins& plugins) {
  std::vector<PluginSummary> summaries;
  const auto add = [&](const Plugin& plugin, const OptionTable& options) {
    summaries.push_back({plugin, summary_of(plugin, options)});
  };
  add(plugins.model, experiment.model.options);
  add(plugins.dataset, experiment.dataset.options);
  if (plugins.precision) add(*plugins.precision, experiment.precision.options);
  for (std::size_t i = 0; i < plugins.loggers.size(); ++i) add(plugins.loggers[i], experiment.loggers[i].options);
  return summaries;
}

}  // namespace binade::host
