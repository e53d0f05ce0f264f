// Checkpoints on disk: one folder per step, which is created atomically and survives a power failure.
//
//   checkpoints/step-00001200/model.safetensors   weights and buffers, under the model's own names
//                             state.safetensors   optimizer, averages, random generators, ...
//                             state.json          all other state
//                             manifest.json       size and SHA-256 of each of them; written last
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/storage/safetensors.h"
#include "host/storage/safetensors_reading.h"

namespace binade::host {

// The content of a new checkpoint. The tensors' bytes must stay valid until it is written.
struct CheckpointContent {
  std::uint64_t step = 0;
  std::optional<double> validation_loss;  // of exactly these weights, if they were evaluated
  std::vector<TensorBytes> model, state;
  std::map<std::string, std::string> model_metadata;
  std::string json;
};

// A checkpoint read from disk, whose files match the sizes and hashes in its manifest.
struct Checkpoint {
  std::uint64_t step = 0;
  std::filesystem::path folder;
  SafetensorsFile model, state;
  std::string json;
};

struct WrittenCheckpoint {
  std::filesystem::path folder;
  std::uint64_t bytes = 0;
  std::vector<std::string> warnings;  // about older ones that could not be removed
};

// Reads one checkpoint. Throws std::runtime_error that names the file and the error. Uses only data that is covered by
// the hashes, and never executes anything in it.
Checkpoint read_checkpoint(const std::filesystem::path& folder);

// The checkpoints of one run: the folder `checkpoints` of its directory. One thread at a time.
class CheckpointFolder {
 public:
  // Does not create the folder yet. Keeps the newest `keep` (at least 1) valid checkpoints and, with `keep_best`, also
  // the one with the lowest validation loss.
  CheckpointFolder(std::filesystem::path path, std::uint64_t keep, bool keep_best);

  // Writes to a temporary folder, syncs each file and the folder, renames it and syncs the parent; then removes
  // checkpoints that need not be kept. Throws std::system_error that names the file. In that case the temporary folder
  // is removed and older checkpoints are unchanged (if syncing the parent failed, the new one is in place but may not
  // survive a power failure). Replaces a checkpoint of the same step; at every instant one of the two can be found.
  WrittenCheckpoint write(const CheckpointContent& content);

  // Returns the valid checkpoint with the highest step; nullopt if there is none. `passed_over` receives the errors of
  // invalid ones with higher steps, and of reading the folder. Throws only if out of memory.
  std::optional<Checkpoint> newest(std::vector<std::string>& passed_over) const;

  // The steps of all folders that are named like a checkpoint, highest first, whether valid or not.
  std::vector<std::uint64_t> steps() const;

 private:
  struct Good {
    std::optional<double> validation_loss;
  };

  void make_folder() const;
  void tidy(std::uint64_t next) const;
  void remove(std::uint64_t step);
  void learn_older();
  void remove_unneeded(std::uint64_t written, std::vector<std::string>& warnings);
  std::filesystem::path folder_of(std::uint64_t step) const;
  std::filesystem::path in_progress(std::uint64_t step) const;

  std::filesystem::path path_;
  std::uint64_t keep_;
  bool keep_best_;
  bool knows_older_ = false;
  std::map<std::uint64_t, Good> good_;  // written by this object, or verified
};

}  // namespace binade::host
