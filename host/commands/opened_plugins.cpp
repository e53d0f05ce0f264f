#include "host/commands/opened_plugins.h"

namespace binade::host {
namespace {

const PluginFile& file_of(const PluginSection& section, PluginKind kind, const Catalog& catalog) {
  return catalog.file(kind, section.plugin, section.library);
}

}  // namespace

OpenedPlugins::OpenedPlugins(const Experiment& experiment, const Catalog& catalog, const PluginLog& log)
    : model_manifest(file_of(experiment.model, PluginKind::model, catalog).manifest),
      model(open_plugin(file_of(experiment.model, PluginKind::model, catalog), log)),
      dataset(open_plugin(file_of(experiment.dataset, PluginKind::dataset, catalog), log)) {
  if (!experiment.precision.automatic()) {
    precision = open_plugin(file_of(experiment.precision, PluginKind::precision, catalog), log);
  }
  for (const auto& section : experiment.loggers) {
    loggers.push_back(open_plugin(file_of(section, PluginKind::logger, catalog), log));
  }
}

std::vector<Plugin> OpenedPlugins::all() const {
  std::vector<Plugin> plugins{model, dataset};
  if (precision) plugins.push_back(*precision);
  plugins.insert(plugins.end(), loggers.begin(), loggers.end());
  return plugins;
}

}  // namespace binade::host
