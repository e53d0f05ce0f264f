// Suggestions for mistyped names.
#pragma once

#include <string>
#include <vector>

namespace binade::host {

// Returns the candidate closest to `name`, or "" when none is close enough: its Damerau-Levenshtein distance must be at
// most a third of the longer name. Prefixes match, case is ignored, and `-` equals `_`.
std::string nearest(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace binade::host
