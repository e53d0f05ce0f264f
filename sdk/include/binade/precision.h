// A precision policy in C++ (17 or later): chooses the precision of a run and how its loss is scaled. The host runs
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
// A policy that sets the scale itself, step by step, also has
//
//     binade::Decision update(const binade::Outcome& outcome);
//
// and, if it keeps state between steps, a pair of functions that saves it in checkpoints:
//
//     std::string save() const;           // in the policy's own format
//     void load(std::string_view state);  // the result of save()
//
// A policy may also have overrides(), which lists what autocast runs in another precision in any model:
//
//     std::vector<binade::Override> overrides() const {
//       return {binade::parameters("*norm*", BINADE_FLOAT32), binade::operation("softmax", BINADE_FLOAT32)};
//     }
//
// Threads: constructor, policy() and overrides() on the main thread, the rest on the training thread.
#ifndef BINADE_PRECISION_H
#define BINADE_PRECISION_H

#include <string>
#include <vector>

#include "abi/precision.h"
#include "boundary.h"

namespace binade {

using Policy = binade_policy;
using Outcome = binade_outcome;

// The result of update(), see binade_decision.
struct Decision {
  double scale;       // for the next step
  bool apply = true;  // false skips this step; a step with found_inf is always skipped
};

// fp32 without autocast or scaling. The constants are the defaults of torch.amp.GradScaler. It has no lower bound of
// the scale; 2^-14, fp16's smallest normal number, is used here, because gradients that overflow at a lower scale than
// that are not a matter of scaling.
constexpr Policy full_precision() {
  return {sizeof(Policy), BINADE_FLOAT32, 0, 0, 65536.0, 2.0, 0.5, 2000, 1.0 / 16384, 1, 0};
}

// Forward and loss under autocast to `dtype` (BINADE_BFLOAT16 or BINADE_FLOAT16), without scaling.
constexpr Policy autocast(std::uint32_t dtype) {
  auto policy = full_precision();
  policy.compute_dtype = dtype;
  policy.autocast = 1;
  return policy;
}

// The first matching override applies; those of the experiment take precedence.
struct Override {
  std::uint32_t kind;
  std::string name;
  std::uint32_t dtype;
};

// Matches operations that use a parameter whose name matches: * stands for any characters, ? for one.
inline Override parameters(std::string names, std::uint32_t dtype) {
  return {BINADE_OVERRIDE_PARAMETERS, std::move(names), dtype};
}
// Matches a LibTorch operation, such as "softmax".
inline Override operation(std::string name, std::uint32_t dtype) {
  return {BINADE_OVERRIDE_OPERATION, std::move(name), dtype};
}

namespace detail {

template <class T>
using UpdateCall = decltype(std::declval<T&>().update(std::declval<const Outcome&>()));
template <class T>
using SaveCall = decltype(std::string(std::declval<const T&>().save()));
template <class T>
using LoadCall = decltype(std::declval<T&>().load(std::declval<std::string_view>()));
template <class T>
using OverridesCall = decltype(std::declval<const T&>().overrides());

template <class T>
struct PrecisionShim {
  static_assert(has<SaveCall, T> == has<LoadCall, T>, "a policy must have both save() and load(), or neither");

  static std::int32_t policy(void* self, binade_policy* out, binade_error* error) noexcept {
    return guard(error, [&] { give(out, static_cast<const T*>(self)->policy()); });
  }
  static std::int32_t update(void* self, const binade_outcome* outcome, binade_decision* out,
                             binade_error* error) noexcept {
    return guard(error, [&] {
      if constexpr (has<UpdateCall, T>) {
        Outcome room;
        const Decision decision = static_cast<T*>(self)->update(whole(outcome, room));
        out->apply = decision.apply ? 1 : 0;
        out->scale = decision.scale;
      }
    });
  }
  static std::int32_t save(void* self, binade_state* state, binade_error* error) noexcept {
    return guard(error, [&] {
      if constexpr (has<SaveCall, T>) {
        const std::string bytes = static_cast<const T*>(self)->save();
        state->write(state, bytes.data(), bytes.size());
      }
    });
  }
  static std::int32_t load(void* self, const void* data, std::uint64_t bytes, binade_error* error) noexcept {
    return guard(error, [&] {
      if constexpr (has<LoadCall, T>) {
        static_cast<T*>(self)->load(std::string_view(static_cast<const char*>(data), bytes));
      }
    });
  }
  static std::int32_t overrides(void* self, binade_overrides* sink, binade_error* error) noexcept {
    return guard(error, [&] {
      if constexpr (has<OverridesCall, T>) {
        for (const auto& [kind, name, dtype] : static_cast<const T*>(self)->overrides()) {
          sink->add(sink, kind, to_abi(name), dtype);
        }
      }
    });
  }
  static constexpr binade_precision_table table{sizeof(binade_precision_table),
                                                0,
                                                create<T>,
                                                destroy<T>,
                                                policy,
                                                has<UpdateCall, T> ? update : nullptr,
                                                has<SaveCall, T> ? save : nullptr,
                                                has<LoadCall, T> ? load : nullptr,
                                                has<OverridesCall, T> ? overrides : nullptr};
};

}  // namespace detail
}  // namespace binade

#define BINADE_PRECISION(Type)                                                                          \
  BINADE_PLUGIN_EXPORT const binade_plugin binade_plugin_v1 = {sizeof(binade_plugin), BINADE_ABI_MAJOR, \
                                                               BINADE_ABI_MINOR, BINADE_KIND_PRECISION, \
                                                               &binade::detail::PrecisionShim<Type>::table};
#endif
