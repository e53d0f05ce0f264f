// `${env:NAME}` and `${env:NAME:-default}` in the texts of an experiment.
#pragma once

#include <string>

#include "host/experiment/toml/document.h"

namespace binade::host {

// Whether the option's texts may name environment variables: paths, and options with `env = true`.
bool takes_environment(const OptionSpec& spec);

// Replaces the variables in the text of `value`, or in the texts of an array. As in a shell, the default replaces a
// variable that is unset or empty. Messages call the option `name`. If the option does not accept variables, any
// `${env:` is a mistake. Sets the variables that were used: "DATA", "DATA (not set), HOME", or nothing. Returns false
// after a mistake, which is added to `diagnostics`.
bool expand_environment(Node& value, const std::string& name, const OptionSpec& spec, std::string& variables,
                        Diagnostics& diagnostics);

}  // namespace binade::host
