// The arguments FILE and --set of every verb that works on an experiment.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/cli/terminal.h"
#include "host/cli/verb.h"
#include "host/experiment/experiment.h"
#include "host/loading/catalog.h"

namespace binade::host {

// Prints the mistakes on standard error, with a hint at `binade explain`.
void print_mistakes(const Diagnostics& diagnostics, ColorMode color);

// Warns on standard error about a valid experiment that is probably not what the user wants: a default dataset that the
// file does not name, and doubtful plans.
void warn_of_doubts(const Experiment& experiment, ColorMode color);

struct ExperimentArgument {
  std::string file;
  std::vector<std::string> overrides;

  void add_to(Verb& verb);
  void add_overrides_to(Verb& verb);  // --set alone

  // Checks the experiment. Prints all mistakes on standard error and returns nullopt when there are any. `precision` is
  // the default plugin for a file without [precision].
  std::optional<Experiment> load(const Catalog& plugins, ColorMode color, const std::string& precision = {}) const;
};

}  // namespace binade::host
