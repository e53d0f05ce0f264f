// experiment.lock: which bytes a run was made of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "binade/abi/note.h"
#include "host/loading/plugin.h"

namespace binade::host {

// The lock as TOML: the host's version, LibTorch's version and build-ids (the engine's build block), and each plugin
// with the SHA-256 of its file, in the order given.
std::string lock_text(const std::vector<Plugin>& plugins, const binade_build_block& engine,
                      std::string_view host_version);

}  // namespace binade::host
