// The options and samples with which `binade plugins validate` tries a model.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/cli/command_line.h"
#include "host/conformance/plugin_under_test.h"
#include "host/data/batch_loader.h"
#include "host/data/dataset.h"
#include "host/engine_api/engine.h"
#include "host/experiment/experiment.h"
#include "host/loading/catalog.h"

namespace binade::host {

// Loads the engine and runs the dataset's code, but not the model's.
class PreparedModel {
 public:
  // `experiment` gives [model] and [dataset], with `library` in place of the model; when it is empty, samples are
  // synthetic, as for an experiment without [dataset]. `options`: KEY=VALUE of the model. Returns nullptr after
  // mistakes, which are printed. Throws PluginRefused, PluginError of the dataset and std::runtime_error.
  static std::unique_ptr<PreparedModel> make(const PluginFile& library, const std::string& experiment,
                                             const std::vector<std::string>& options, std::uint64_t seed,
                                             const CommandLine& line);

  const OptionTable& options() const { return experiment_.model.options; }
  const ModelTrial& trial() const { return trial_; }

 private:
  PreparedModel() = default;
  bool read(const Manifest& model, std::uint64_t seed, ColorMode color);

  std::unique_ptr<Catalog> catalog_;  // the options point into its manifests
  Experiment experiment_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Dataset> dataset_;
  Split split_;
  std::unique_ptr<BatchLoader> batches_;
  ModelTrial trial_;
};

}  // namespace binade::host
