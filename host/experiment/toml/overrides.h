// `--set train.steps=100`: values of the command line that replace those of the file.
#pragma once

#include <string>
#include <vector>

#include "host/experiment/toml/document.h"

namespace binade::host {

// Puts the overrides, each "key=value", into the tree one after the other. The value is TOML; a value that is not TOML
// and begins with neither a quote nor a bracket is taken as a string. `logger.0.every=10` changes the first [[logger]];
// the number after the last one adds an element. The new values have the location "--set key=value", and `diagnostics`
// gets a remark about what they replace.
void apply_overrides(Node& root, const std::vector<std::string>& overrides, Diagnostics& diagnostics);

}  // namespace binade::host
