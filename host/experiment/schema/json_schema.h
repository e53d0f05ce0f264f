// The experiment file described for editors.
#pragma once

#include <string>

#include "host/experiment/schema/manifest.h"

namespace binade::host {

// A JSON Schema (draft 4, as far as taplo goes) of experiments with these plugins. It tells what may stand in a file:
// keys, types, ranges, choices. It does not tell what is missing, since included files and overrides may add that.
std::string json_schema(const ManifestSource& plugins);

}  // namespace binade::host
