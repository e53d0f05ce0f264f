// The sizes of the ABI's tables in each minor since 1.0, for a host that speaks an older one.
#pragma once

#include <cstddef>
#include <cstdint>

#include "binade/abi/plugin.h"

namespace binade::host {

// Returns sizeof(binade_host) in that minor.
constexpr std::uint32_t host_size(std::uint32_t minor) {
  return minor == 0 ? offsetof(binade_host, cache_folder) : sizeof(binade_host);
}

}  // namespace binade::host
