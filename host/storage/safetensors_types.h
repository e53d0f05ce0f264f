// The format's element types that Binade supports.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "binade/abi/tensor.h"

namespace binade::host {

// Enough for about 200,000 tensors. The format allows 100 MB, which an untrusted file could use to keep a reader busy
// for seconds.
constexpr std::uint64_t max_safetensors_header_bytes = 1 << 24;

struct SafetensorsType {
  std::uint32_t dtype;
  std::string_view name;
  std::uint64_t bytes;
};

constexpr std::array<SafetensorsType, 10> safetensors_types{{{BINADE_UINT8, "U8", 1},
                                                             {BINADE_INT8, "I8", 1},
                                                             {BINADE_INT16, "I16", 2},
                                                             {BINADE_INT32, "I32", 4},
                                                             {BINADE_INT64, "I64", 8},
                                                             {BINADE_FLOAT16, "F16", 2},
                                                             {BINADE_BFLOAT16, "BF16", 2},
                                                             {BINADE_FLOAT32, "F32", 4},
                                                             {BINADE_FLOAT64, "F64", 8},
                                                             {BINADE_BOOL, "BOOL", 1}}};

}  // namespace binade::host
