#include "host/run/opened_plugins.h"

#include "host/loading/open_plugin.h"

namespace binade::host {
namespace {

const PluginFile& file_of(const PluginSection& section, PluginKind kind, const Catalog& catalog) {
  return catalog.file(kind, section.plugin, section.library);
}

}  // namespace

PluginFiles chosen_files(const Experiment& experiment, const Catalog& catalog) {
  PluginFiles files{file_of(experiment.model, PluginKind::model, catalog),
                    file_of(experiment.dataset, PluginKind::dataset, catalog),
                    {},
                    {}};
  if (!experiment.precision.automatic())
    files.precision = file_of(experiment.precision, PluginKind::precision, catalog);
  for (const auto& section : experiment.loggers) {
    files.loggers.push_back(file_of(section, PluginKind::logger, catalog));
  }
  return files;
}

std::vector<const PluginFile*> PluginFiles::all() const {
  std::vector<const PluginFile*> files{&model, &dataset};
  if (precision) files.push_back(&*precision);
  for (const auto& logger : loggers) files.push_back(&logger);
  return files;
}

void verify(PluginFiles& files, VerifiedCopies& copies) {
  files.model = copies.verify(files.model);
  files.dataset = copies.verify(files.dataset);
  if (files.precision) files.precision = copies.verify(*files.precision);
  for (auto& logger : files.loggers) logger = copies.verify(logger);
}

OpenedPlugins::OpenedPlugins(const PluginFiles& files, const PluginLog& log)
    : model_manifest(files.model.manifest),
      model(open_plugin(files.model, log)),
      dataset(open_plugin(files.dataset, log)) {
  if (files.precision) precision = open_plugin(*files.precision, log);
  for (const auto& file : files.loggers) loggers.push_back(open_plugin(file, log));
}

std::vector<Plugin> OpenedPlugins::all() const {
  std::vector<Plugin> plugins{model, dataset};
  if (precision) plugins.push_back(*precision);
  plugins.insert(plugins.end(), loggers.begin(), loggers.end());
  return plugins;
}

}  // namespace binade::host
