// Datasets that are linked into the tests, without file, note or options.
#pragma once

#include <utility>

#include "binade/dataset.h"
#include "host/data/dataset.h"

namespace binade::host {

inline const binade_host* silent_host() {
  static const auto host = [] {
    binade_host host{};
    host.struct_size = sizeof(host);
    host.log = [](const binade_host*, std::int32_t, binade_string) {};
    return host;
  }();
  return &host;
}

// A dataset written with binade/dataset.h.
template <class T>
Plugin linked() {
  static constexpr binade_plugin symbol{sizeof(binade_plugin), BINADE_ABI_MAJOR, BINADE_ABI_MINOR, BINADE_KIND_DATASET,
                                        &binade::detail::DatasetShim<T>::table};
  return Plugin::linked(symbol, "fake", silent_host());
}

template <class T>
struct LinkedDataset : Dataset {
  explicit LinkedDataset(const SplitSettings& settings = {}, std::uint64_t seed = 0)
      : Dataset(linked<T>(), OptionTable{}, settings, seed) {}
};

}  // namespace binade::host
