// `${env:NAME}` and `${env:NAME:-default}` in the texts of an experiment.
#pragma once

#include <string>

#include "host/experiment/toml/document.h"

namespace binade::host {

// Whether the option's texts may name environment variables: those of paths and of options that say `env = true`.
bool takes_environment(const OptionSpec& spec);

// Puts the variables' values into the texts of `value`: one, or those of an array. As in a shell, a default stands in
// for a variable that is unset or empty. `name` is what messages call the option. Where the option takes no variables
// any `${env:` is a mistake. Returns which variables it came from: "DATA", "DATA (not set), HOME", or nothing.
// False after a mistake, which is in `diagnostics`.
bool expand_environment(Node& value, const std::string& name, const OptionSpec& spec, std::string& variables,
                        Diagnostics& diagnostics);

}  // namespace binade::host
