// The version of this program.
#pragma once

#include <string>

namespace binade::host {

std::string version();       // "0.1.0"
std::string git_sha();       // of the source tree, 12 digits; "unknown" outside a repository
std::string version_text();  // "binade 0.1.0 (plugin ABI 0.1)"

}  // namespace binade::host
