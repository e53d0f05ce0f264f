// The weights at the end of a run, which a disk that refuses them must not cost.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "host/engine/model/model.h"
#include "host/engine_api/engine.h"

namespace binade::host {

class FinalWeights {
 public:
  // `patience`: how long a file that cannot be written is tried again, which a further signal ends.
  explicit FinalWeights(const TrainingRequest& request,
                        std::chrono::steady_clock::duration patience = std::chrono::seconds(30));

  // Writes the weights to `file`. Where that fails it is said at once, with the size that they need; then they go into
  // the request's rescue folder, or without one it is tried again for a while. Returns what hash_weights() would.
  // Throws RunFolderGone, and std::runtime_error when they could be written nowhere.
  std::string keep(const Model& model, const std::filesystem::path& file);

  // For a run whose folder is gone: puts the weights into the rescue folder, where there is one, and says so.
  void rescue(const Model& model, const std::string& file_name);

  // Where the rescue folder has files of this run; empty where nothing had to be put there.
  const std::filesystem::path& rescued() const { return rescued_; }

 private:
  std::string put_into_rescue(const Model& model, const std::string& file_name);
  std::string try_again(const Model& model, const std::filesystem::path& file, const std::string& reason);

  const TrainingRequest& request_;
  std::chrono::steady_clock::duration patience_;
  std::filesystem::path rescued_;
};

}  // namespace binade::host
