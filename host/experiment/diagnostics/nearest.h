// Did you mean ...?
#pragma once

#include <string>
#include <vector>

namespace binade::host {

// The candidate closest to `name`, or "" when none is close enough to be meant (Damerau-Levenshtein distance at most
// a third of the longer name, prefixes and a swapped `-` and `_` forgiven).
std::string nearest(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace binade::host
