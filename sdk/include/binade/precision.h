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
// A policy may also have overrides(), for what autocast is to run in another precision, whatever the model:
//
//     std::vector<binade::Override> overrides() const {
//       return {binade::parameters("*norm*", BINADE_FLOAT32), binade::operation("softmax", BINADE_FLOAT32)};
//     }
//
// Threads: constructor, policy() and overrides() on the main thread.
#ifndef BINADE_PRECISION_H
#define BINADE_PRECISION_H

#include <vector>

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

// The first that fits counts; those of the experiment go before.
struct Override {
  std::uint32_t kind;
  std::string name;
  std::uint32_t dtype;
};

// Operations that use a parameter whose name matches: * stands for any characters, ? for one.
inline Override parameters(std::string names, std::uint32_t dtype) {
  return {BINADE_OVERRIDE_PARAMETERS, std::move(names), dtype};
}
// An operation of LibTorch's, such as "softmax".
inline Override operation(std::string name, std::uint32_t dtype) {
  return {BINADE_OVERRIDE_OPERATION, std::move(name), dtype};
}

namespace detail {

template <class T>
using OverridesCall = decltype(std::declval<const T&>().overrides());

template <class T>
struct PrecisionShim {
  static std::int32_t policy(void* self, binade_policy* out, binade_error* error) noexcept {
    return guard(error, [&] {
      const auto struct_size = out->struct_size;
      *out = static_cast<const T*>(self)->policy();
      out->struct_size = struct_size;
    });
  }
  static std::int32_t overrides(void* self, binade_override_visitor visitor, void* sink, binade_error* error) noexcept {
    return guard(error, [&] {
      if constexpr (has<OverridesCall, T>) {
        for (const auto& [kind, name, dtype] : static_cast<const T*>(self)->overrides()) {
          visitor(sink, kind, to_abi(name), dtype);
        }
      }
    });
  }
  static constexpr binade_precision_table table{
      sizeof(binade_precision_table), 0, create<T>, destroy<T>, policy, has<OverridesCall, T> ? overrides : nullptr};
};

}  // namespace detail
}  // namespace binade

#define BINADE_PRECISION(Type)                                                                          \
  BINADE_PLUGIN_EXPORT const binade_plugin binade_plugin_v1 = {sizeof(binade_plugin), BINADE_ABI_MAJOR, \
                                                               BINADE_ABI_MINOR, BINADE_KIND_PRECISION, \
                                                               &binade::detail::PrecisionShim<Type>::table};
#endif
