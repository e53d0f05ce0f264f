// The weights at the end of a run, which a full disk must not lose.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "host/engine/model/model.h"
#include "host/engine_api/engine.h"

namespace binade::host {

class FinalWeights {
 public:
  // `patience`: how long to retry a file that cannot be written; a further signal ends it.
  explicit FinalWeights(const TrainingRequest& request,
                        std::chrono::steady_clock::duration patience = std::chrono::seconds(30));

  // Writes the weights to `file`. Where that fails, reports it at once with the size that they need, and writes them to
  // the request's rescue folder, or without one retries for a while. Returns what hash_weights() would. Throws
  // RunFolderGone, and std::runtime_error when they could not be written anywhere.
  std::string keep(const Model& model, const std::filesystem::path& file);

  // For a run whose folder is gone: writes the weights to the rescue folder, where there is one, and reports it.
  void rescue(const Model& model, const std::string& file_name);

  // The part of the rescue folder with files of this run; empty where it was not needed.
  const std::filesystem::path& rescued() const { return rescued_; }

 private:
  std::string put_into_rescue(const Model& model, const std::string& file_name);
  std::string retry(const Model& model, const std::filesystem::path& file, const std::string& reason);

  const TrainingRequest& request_;
  std::chrono::steady_clock::duration patience_;
  std::filesystem::path rescued_;
};

}  // namespace binade::host
