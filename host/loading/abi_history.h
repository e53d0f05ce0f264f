// What was appended to the ABI since 1.0, for a host that speaks an older minor.
#pragma once

#include <cstddef>
#include <cstdint>

#include "binade/abi/plugin.h"

namespace binade::host {

// sizeof(binade_host) in that minor of this major.
constexpr std::uint32_t host_size(std::uint32_t minor) {
  return minor == 0 ? offsetof(binade_host, cache_folder) : sizeof(binade_host);
}

}  // namespace binade::host
