// Calls a dataset plugin, and creates the host's own splits.
#include "host/data/dataset.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace binade::host {
namespace {

std::size_t count_extents(const std::vector<Field>& fields) {
  return std::accumulate(fields.begin(), fields.end(), std::size_t{0}, [](std::size_t sum, const Field& field) {
    return sum + (field.variable() ? field.shape.size() : 0);
  });
}

// Names the sample that cannot be read alone, or else all of them.
std::string failing_sample(const binade_read& batch, const std::function<void(const binade_read&)>& read) {
  if (batch.count == 0) return "a request for no samples";
  std::vector<binade_buffer> buffers(batch.buffer_count);
  std::vector<std::vector<std::int64_t>> shapes(batch.buffer_count);
  std::vector<binade_buffer*> pointers;
  for (std::size_t field = 0; field < buffers.size(); ++field) {
    buffers[field] = *batch.buffers[field];
    shapes[field].assign(buffers[field].shape, buffers[field].shape + buffers[field].rank);
    shapes[field].front() = 1;
    buffers[field].shape = shapes[field].data();
    buffers[field].bytes /= batch.count;
    pointers.push_back(&buffers[field]);
  }
  auto one = batch;
  one.count = 1;
  one.buffers = pointers.data();
  for (std::uint64_t position = 0; position < batch.count; ++position) {
    one.indices = batch.indices + position;
    for (std::size_t field = 0; field < buffers.size(); ++field) {
      buffers[field].data = static_cast<char*>(batch.buffers[field]->data) + position * buffers[field].bytes;
    }
    try {
      read(one);
    } catch (const PluginError&) {
      return fmt::format("sample {}", batch.indices[position]);
    }
  }
  return fmt::format("samples {}", fmt::join(batch.indices, batch.indices + batch.count, ", "));
}

bool agrees(std::int64_t measured, std::int64_t described) {
  return described == BINADE_VARIABLE ? measured >= 0 : measured == described;
}

}  // namespace

Dataset::Dataset(Plugin plugin, const OptionTable& options, const SplitSettings& settings, std::uint64_t seed)
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
  description_ = describe(plugin_, table_, self, table_.fit == nullptr);
  try {
    splits_ = divide(description_, settings, seed, [this](const std::string& column) { return keys(column); });
  } catch (const PluginError&) {
    throw;
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("{}: {}", name_in_messages(plugin_), error.what()));
  }
  if (table_.fit != nullptr) fit();
  extents_per_sample_ = count_extents(description_.fields);
}

std::vector<std::int64_t> Dataset::keys(const std::string& column) const {
  if (table_.keys == nullptr) {
    throw std::runtime_error(
        "`[split] stratify` and `group_by` need the dataset's keys(), which it does not have; "
        "remove them");
  }
  const auto& splits = description_.splits;
  const auto train = std::find_if(splits.begin(), splits.end(), [](const auto& one) { return one.name == "train"; });
  const auto number = static_cast<std::uint32_t>(train - splits.begin());
  std::vector<std::int64_t> keys(train->size);
  plugin_.call("keys", [&](binade_error* error) {
    return table_.keys(self_.get(), number, {column.data(), column.size()}, keys.data(), keys.size(), error);
  });
  return keys;
}

void Dataset::fit() {
  const auto& train = split("train");
  std::vector<std::uint64_t> range;
  if (train.indices.empty()) {
    range.resize(train.size);
    std::iota(range.begin(), range.end(), train.first);
  }
  const auto& indices = train.indices.empty() ? range : train.indices;
  plugin_.call("fit", [&](binade_error* error) {
    return table_.fit(self_.get(), train.plugin_split, indices.data(), indices.size(), error);
  });
  auto fitted = describe(plugin_, table_, self_.get(), true);
  if (fitted.splits != description_.splits || fitted.independent != description_.independent) {
    throw std::runtime_error(name_in_messages(plugin_) + ": describe() returned other splits after fit()");
  }
  description_ = std::move(fitted);
}

const Split& Dataset::split(const std::string& name) const {
  const auto found = std::find_if(splits_.begin(), splits_.end(), [&](const Split& one) { return one.name == name; });
  if (found != splits_.end()) return *found;
  std::string there;
  for (const auto& one : splits_) there += (there.empty() ? "`" : ", `") + one.name + "`";
  throw std::runtime_error(fmt::format("{} has no split `{}`; it has: {}", name_in_messages(plugin_), name, there));
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
  const auto read = [this](const binade_read& what) {
    plugin_.call("read", [&](binade_error* error) { return table_.read(self_.get(), &what, error); });
  };
  try {
    read(request);
  } catch (const PluginError& error) {
    const auto place = failing_sample(request, read);
    throw PluginError(plugin_.id(), plugin_.version(), "read", error.status(),
                      fmt::format("in {} of `{}`: {}", place, description_.splits.at(request.split).name,
                                  error.message().empty() ? "it gave no reason" : error.message()));
  }
}

}  // namespace binade::host
