// A dataset plugin, opened as the host does, with its samples as vectors.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "host/data/batch_memory.h"
#include "host/data/dataset.h"
#include "host/experiment/wiring.h"
#include "tests/plugins/opened_plugin.h"

namespace binade::host {

class OpenedDataset {
 public:
  OpenedDataset(const std::string& name, const GivenOptions& given, const SplitSettings& split = {})
      : plugin_(name), dataset_(plugin_.plugin(), plugin_.options(given), split) {}

  const Dataset& dataset() const { return dataset_; }
  const std::string& log() const { return plugin_.log(); }
  Fact fact(const std::string& name) const { return dataset_.facts().at(name); }
  // Samples before the host holds any back for validation.
  std::uint64_t size() const { return dataset_.split("train").size + dataset_.split("validation").size; }

  // One field of several training samples, concatenated.
  template <class T>
  std::vector<T> read(std::size_t field, const std::vector<std::uint64_t>& indices, std::uint64_t epoch = 0) const {
    return read_from<T>("train", field, indices, true, epoch);
  }
  // The same for any split.
  template <class T>
  std::vector<T> read_from(const std::string& split, std::size_t field, const std::vector<std::uint64_t>& indices,
                           bool training = false, std::uint64_t epoch = 0) const {
    BatchMemory memory(dataset_);
    memory.batch().indices = indices;
    memory.batch().epoch = epoch;
    memory.read(dataset_, dataset_.split(split), training, 0);
    const auto& part = memory.batch().fields.at(field);
    const auto* values = static_cast<const T*>(part.data);
    return {values, values + part.bytes / sizeof(T)};
  }

 private:
  OpenedPlugin plugin_;
  Dataset dataset_;
};

// The message of the PluginError with that status that opening must throw.
inline std::string refusal(const std::string& name, const GivenOptions& given, std::int32_t status) {
  try {
    const OpenedDataset dataset(name, given);
  } catch (const PluginError& error) {
    EXPECT_EQ(error.status(), status) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "the dataset opened";
  return "";
}

}  // namespace binade::host
