// What a report of a failure says of a plugin: what it is, where it lies, and what it was given.
#pragma once

#include <string>

#include "host/experiment/experiment.h"
#include "host/loading/plugin.h"

namespace binade::host {

// Lines without a newline at the end:
//   plugin `waves` 0.1.0 (dataset)
//     file: .../waves.so, sha256 9f2c...
//     options: noise = 0.5
std::string account_of(const Plugin& plugin, const OptionTable& options);

}  // namespace binade::host
