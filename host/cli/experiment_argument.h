// FILE and --set, as every verb takes them that works on an experiment.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/cli/terminal.h"
#include "host/cli/verb.h"
#include "host/experiment/experiment.h"
#include "host/loading/catalog.h"

namespace binade::host {

// On standard error, with a hint at `binade explain`.
void print_mistakes(const Diagnostics& diagnostics, ColorMode color);

// Says on standard error what of a checked experiment can hardly be meant: a dataset that stands in and that it does
// not name, and doubtful plans.
void warn_of_doubts(const Experiment& experiment, ColorMode color);

struct ExperimentArgument {
  std::string file;
  std::vector<std::string> overrides;

  void add_to(Verb& verb);
  void add_overrides_to(Verb& verb);  // --set alone

  // Checks the experiment; prints all mistakes on standard error and returns nullopt when there are any. `precision`:
  // the plugin that stands in where there is no [precision].
  std::optional<Experiment> load(const Catalog& plugins, ColorMode color, const std::string& precision = {}) const;
};

}  // namespace binade::host
