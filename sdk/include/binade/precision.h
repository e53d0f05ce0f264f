// A precision policy in C++ (17 or later): in which precision a run computes and how its loss is scaled. The host runs
// autocast and the gradient scaler.
//
//     struct Half {
//       binade::Policy policy() const {
//         auto policy = binade::autocast(BINADE_FLOAT16);
//         policy.dynamic_scaling = 1;  // with PyTorch's constants
//         return policy;
//       }
//     };
//     BINADE_PRECISION(Half)
//
// Threads: constructor and policy() on the main thread.
#ifndef BINADE_PRECISION_H
#define BINADE_PRECISION_H

#include "abi/precision.h"
#include "boundary.h"

namespace binade {

using Policy = binade_policy;

// fp32, no autocast, no scaling; the constants are the defaults of torch.amp.GradScaler.
constexpr Policy full_precision() { return {sizeof(Policy), BINADE_FLOAT32, 0, 0, 65536.0, 2.0, 0.5, 2000}; }

// Forward and loss under autocast to `dtype` (BINADE_BFLOAT16 or BINADE_FLOAT16); no scaling yet.
constexpr Policy autocast(std::uint32_t dtype) {
  auto policy = full_precision();
  policy.compute_dtype = dtype;
  policy.autocast = 1;
  return policy;
}

namespace detail {

template <class T>
struct PrecisionShim {
  static std::int32_t policy(void* self, binade_policy* out, binade_error* error) noexcept {
    return guard(error, [&] {
      const auto struct_size = out->struct_size;
      *out = static_cast<const T*>(self)->policy();
      out->struct_size = struct_size;
    });
  }
  static constexpr binade_precision_table table{sizeof(binade_precision_table), 0, create<T>, destroy<T>, policy};
};

}  // namespace detail
}  // namespace binade

#define BINADE_PRECISION(Type)                                                                          \
  BINADE_PLUGIN_EXPORT const binade_plugin binade_plugin_v1 = {sizeof(binade_plugin), BINADE_ABI_MAJOR, \
                                                               BINADE_ABI_MINOR, BINADE_KIND_PRECISION, \
                                                               &binade::detail::PrecisionShim<Type>::table};
#endif
