#include "host/conformance/model_trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "host/base/scratch_folder.h"
#include "host/cli/experiment_argument.h"
#include "host/experiment/toml/toml_text.h"
#include "host/loading/compatibility.h"
#include "host/loading/open_plugin.h"
#include "host/run/dataset_setup.h"
#include "host/run/engine_library.h"

namespace binade::host {
namespace {

constexpr std::uint64_t samples = 6;

std::optional<Experiment> load(const PluginFile& library, const std::string& experiment,
                               const std::vector<std::string>& options, const Catalog& catalog, ColorMode color) {
  const ScratchFolder folder("validate");
  ExperimentArgument argument;
  argument.file = experiment;
  if (experiment.empty()) {
    argument.file = folder.path() / "validate.toml";
    std::ofstream(argument.file) << fmt::format(
        "[experiment]\nname = \"validate\"\n[model]\nplugin = {}\n[precision]\nplugin = {}\n[train]\nsteps = 1\n",
        toml_string(library.manifest.id), toml_string(automatic_precision));
  }
  argument.overrides.push_back("model.library=" + toml_string(std::filesystem::absolute(library.path).string()));
  for (const auto& option : options) argument.overrides.push_back("model." + option);
  return argument.load(catalog, color);
}

}  // namespace

std::unique_ptr<PreparedModel> PreparedModel::make(const PluginFile& library, const std::string& experiment,
                                                   const std::vector<std::string>& options, std::uint64_t seed,
                                                   const CommandLine& line) {
  const EngineLibrary engine(line.executable());
  require_same_build(library, engine.build_block(), engine.path());
  std::unique_ptr<PreparedModel> prepared(new PreparedModel);
  prepared->catalog_ = std::make_unique<Catalog>(line.plugin_folders());
  auto loaded = load(library, experiment, options, *prepared->catalog_, line.color());
  if (!loaded) return nullptr;
  prepared->experiment_ = std::move(*loaded);
  prepared->engine_ = engine.load();
  try {
    return prepared->read(library.manifest, seed, line.color()) ? std::move(prepared) : nullptr;
  } catch (const std::runtime_error& error) {
    if (!experiment.empty()) throw;
    throw std::runtime_error(fmt::format(
        "{}: its samples are synthetic; `--experiment FILE` names an experiment whose dataset suits the model",
        error.what()));
  }
}

bool PreparedModel::read(const Manifest& model, std::uint64_t seed, ColorMode color) {
  const auto& section = experiment_.dataset;
  const auto plugin = open_plugin(
      catalog_->file(PluginKind::dataset, section.plugin, section.library),
      [color](auto level, const auto& id, auto text) { log_line(color, level, fmt::format("{}: {}", id, text)); });
  dataset_ = wire_dataset(experiment_, plugin, color);
  if (!dataset_) return false;
  split_ = dataset_->split("train");
  const Sampler sampler(split_.size, std::min(samples, split_.size), Order::sequential, false, seed, Shard{});
  batches_ = std::make_unique<BatchLoader>(*dataset_, split_, sampler, true, seed, 0, 0, 0, 0);
  trial_.inputs = inputs_of(model, *dataset_);
  trial_.batch = &batches_->next();
  trial_.build = [this](const auto& plugin, const auto& options, const auto& inputs, auto seed) {
    return engine_->build(plugin, options, inputs, seed);
  };
  return true;
}

}  // namespace binade::host
