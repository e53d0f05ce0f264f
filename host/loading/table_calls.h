// The calls that a plugin's table cannot do without.
#pragma once

#include "host/experiment/schema/manifest.h"

namespace binade::host {

// The name of the first that is missing from a plugin's table, or nullptr when all are there.
const char* missing_call(PluginKind kind, const void* table);

}  // namespace binade::host
