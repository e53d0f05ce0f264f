// A batch of samples for the model under test.
#pragma once

#include <string>
#include <vector>

#include "host/conformance/plugin_under_test.h"
#include "host/data/batch.h"

namespace binade::host {

// Copies the samples, so that a check sees what the plugin does to them.
class TrialBatch {
 public:
  // Takes the first `samples` of the batch.
  TrialBatch(const PluginUnderTest& subject, std::size_t samples) : batch_(*subject.model->batch) {
    const auto whole = batch_.indices.size();
    batch_.indices.resize(samples);
    for (auto& field : batch_.fields) {
      memory_.emplace_back(static_cast<const char*>(field.data), field.bytes / whole * samples);
      field.shape.front() = static_cast<std::int64_t>(samples);
    }
    settle();
  }
  explicit TrialBatch(const PluginUnderTest& subject) : TrialBatch(subject, subject.model->batch->indices.size()) {}
  TrialBatch(const TrialBatch&) = delete;
  TrialBatch& operator=(const TrialBatch&) = delete;

  const HostBatch& operator*() const { return batch_; }
  const std::vector<std::string>& memory() const { return memory_; }
  // Calls `change` with each field and its memory.
  template <class Change>
  void change(Change change) {
    for (std::size_t i = 0; i < memory_.size(); ++i) change(batch_.fields[i], memory_[i]);
    settle();
  }

 private:
  void settle() {
    for (std::size_t i = 0; i < memory_.size(); ++i) {
      batch_.fields[i].data = memory_[i].data();
      batch_.fields[i].bytes = memory_[i].size();
    }
  }

  HostBatch batch_;
  std::vector<std::string> memory_;
};

}  // namespace binade::host
