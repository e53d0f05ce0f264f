// Precision policies that live in the test's own memory, as plugins.
#pragma once

#include "binade/precision.h"
#include "tests/engine/in_memory_plugins.h"

namespace binade::host::testing {

template <class T>
Plugin precision_plugin() {
  static const binade_plugin symbol{sizeof(binade_plugin), BINADE_ABI_MAJOR, BINADE_ABI_MINOR, BINADE_KIND_PRECISION,
                                    &detail::PrecisionShim<T>::table};
  return Plugin::linked(symbol, "in_memory", &quiet_host());
}

// Says `constants`.
struct Constants {
  static inline Policy constants = full_precision();
  Policy policy() const { return constants; }
};

// Says `constants`, and answers every outcome by `decide`.
struct Deciding : Constants {
  static inline std::function<Decision(const Outcome&)> decide;
  Decision update(const Outcome& outcome) { return decide(outcome); }
};

}  // namespace binade::host::testing
