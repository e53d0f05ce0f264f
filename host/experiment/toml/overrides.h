// `--set train.steps=100`: values of the command line in place of those of the file.
#pragma once

#include <string>
#include <vector>

#include "host/experiment/toml/document.h"

namespace binade::host {

// Puts the overrides, each "key=value", into the tree, one after the other. The value is TOML; what is no TOML and
// begins with neither quote nor bracket is taken as a string. `logger.0.every=10` reaches into the first [[logger]];
// the number behind the last adds one. What they put there stands at "--set key=value", and `diagnostics` learns what
// of the file it replaces.
void apply_overrides(Node& root, const std::vector<std::string>& overrides, Diagnostics& diagnostics);

}  // namespace binade::host
