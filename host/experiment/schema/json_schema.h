// A JSON Schema of experiment files, for editors.
#pragma once

#include <string>

#include "host/experiment/schema/manifest.h"

namespace binade::host {

// Returns a JSON Schema (draft 4, as far as taplo supports it) of experiments with these plugins. It describes what a
// file may contain: keys, types, ranges, choices. It does not require keys, because included files and overrides may
// add them.
std::string json_schema(const ManifestSource& plugins);

}  // namespace binade::host
