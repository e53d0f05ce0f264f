// Calls a dataset plugin, and creates the host's own splits.
#include "host/data/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "host/data/sampler.h"

namespace binade::host {
namespace {

// The random stream for held-back samples, different from those of the epochs' orders.
constexpr std::uint64_t held_back_draw = ~std::uint64_t{0};

// Returns "train" or "validation" as a part of the plugin's split `number`.
Split part_of_train(const std::string& name, std::uint32_t number, std::uint64_t size, bool independent,
                    std::uint64_t seed) {
  const bool train = name == "train";
  const std::uint64_t held_back = std::max<std::uint64_t>(1, size / 5);
  Split split;
  split.name = name;
  split.plugin_split = number;
  split.size = train ? size - held_back : held_back;
  split.first = train ? 0 : size - held_back;
  if (independent) {
    const auto order = permutation(size, seed, held_back_draw);
    std::vector<bool> drawn(size);
    for (auto place = split.first; place < split.first + split.size; ++place) drawn[order[place]] = true;
    split.indices.reserve(split.size);  // in ascending order, which suits datasets that read files sequentially
    for (std::uint64_t index = 0; index < size; ++index) {
      if (drawn[index]) split.indices.push_back(index);
    }
  }
  return split;
}

std::size_t count_extents(const std::vector<Field>& fields) {
  return std::accumulate(fields.begin(), fields.end(), std::size_t{0}, [](std::size_t sum, const Field& field) {
    return sum + (field.variable() ? field.shape.size() : 0);
  });
}

bool agrees(std::int64_t measured, std::int64_t described) {
  return described == BINADE_VARIABLE ? measured >= 0 : measured == described;
}

}  // namespace

Dataset::Dataset(Plugin plugin, const OptionTable& options)
    : plugin_(std::move(plugin)), table_(plugin_.table<binade_dataset_table>()) {
  if (table_.create == nullptr || table_.destroy == nullptr || table_.describe == nullptr || table_.read == nullptr) {
    throw std::runtime_error(name_in_messages(plugin_) +
                             ": its table lacks create, destroy, describe or read, which every dataset needs");
  }
  const OptionsView view(options);
  void* self = nullptr;
  plugin_.call("create",
               [&](binade_error* error) { return table_.create(plugin_.host(), view.table(), &self, error); });
  self_ = std::shared_ptr<void>(self, table_.destroy);
  description_ = describe(plugin_, table_, self);
  extents_per_sample_ = count_extents(description_.fields);
}

const DatasetDescription::PluginSplit* Dataset::find(const std::string& name) const {
  for (const auto& split : description_.splits) {
    if (split.name == name) return &split;
  }
  return nullptr;
}

Split Dataset::split(const std::string& name, std::uint64_t seed) const {
  const auto* found = find(name);
  const bool divide = find("validation") == nullptr && (name == "train" || name == "validation");
  if (divide) found = find("train");
  if (found == nullptr) {
    std::string there;
    for (const auto& split : description_.splits) there += (there.empty() ? "`" : ", `") + split.name + "`";
    throw std::runtime_error(fmt::format("{} has no split `{}`; it has: {}", name_in_messages(plugin_), name, there));
  }
  const auto number = static_cast<std::uint32_t>(found - description_.splits.data());
  if (!divide) {
    Split split;
    split.name = name;
    split.plugin_split = number;
    split.size = found->size;
    return split;
  }
  if (found->size < 2) {
    throw std::runtime_error(fmt::format(
        "{} has only one sample in `train` and no split `validation`, so none can be held back for validation; "
        "provide more data, or a split `validation`",
        name_in_messages(plugin_)));
  }
  return part_of_train(name, number, found->size, description_.independent, seed);
}

void Dataset::measure(const Split& split, std::span<const std::uint64_t> indices,
                      std::span<std::int64_t> shapes) const {
  if (shapes.size() != indices.size() * extents_per_sample_) throw std::logic_error("measure: wrong number of extents");
  if (shapes.empty()) return;
  plugin_.call("measure", [&](binade_error* error) {
    return table_.measure(self_.get(), split.plugin_split, indices.data(), indices.size(), shapes.data(), error);
  });
  const std::int64_t* measured = shapes.data();
  for (const auto index : indices) {
    for (const auto& field : description_.fields) {
      if (!field.variable()) continue;
      for (const auto described : field.shape) {
        if (!agrees(*measured++, described)) {
          throw PluginError(
              plugin_.id(), plugin_.version(), "measure", BINADE_FAILED,
              fmt::format("sample {} of split {}: field `{}` was described with the extent {} but measured "
                          "with {}",
                          index, split.plugin_split, field.name, described, measured[-1]));
        }
      }
    }
  }
}

void Dataset::read(const binade_read& request) const {
  plugin_.call("read", [&](binade_error* error) { return table_.read(self_.get(), &request, error); });
}

}  // namespace binade::host
