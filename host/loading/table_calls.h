// The mandatory calls of a plugin's table.
#pragma once

#include "host/experiment/schema/manifest.h"

namespace binade::host {

// Returns the name of the first mandatory call that a table lacks, or nullptr.
const char* missing_call(PluginKind kind, const void* table);

}  // namespace binade::host
