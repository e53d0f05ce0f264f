// Checkpoints on disk: a folder per step that is there whole or not at all, and stays after a power cut.
//
//   checkpoints/step-00001200/model.safetensors   weights and buffers, under the model's own names
//                             state.safetensors   optimizer, averages, random generators, ...
//                             state.json          everything small
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

// What is to be written. The tensors' bytes must stay until it is.
struct CheckpointContent {
  std::uint64_t step = 0;
  std::optional<double> validation_loss;  // of exactly these weights, where they were evaluated
  std::vector<TensorBytes> model, state;
  std::map<std::string, std::string> model_metadata;
  std::string json;
};

// What was read back. Everything in it had the sizes and hashes of its manifest.
struct Checkpoint {
  std::uint64_t step = 0;
  std::filesystem::path folder;
  SafetensorsFile model, state;
  std::string json;
};

struct WrittenCheckpoint {
  std::filesystem::path folder;
  std::uint64_t bytes = 0;
  std::vector<std::string> warnings;  // older ones that could not be removed
};

// Reads one checkpoint. Throws std::runtime_error that names the file and says what is wrong with it: nothing is
// believed that the hashes do not cover, and nothing in it is ever run.
Checkpoint read_checkpoint(const std::filesystem::path& folder);

// The checkpoints of one run: the folder `checkpoints` of its directory. One thread at a time.
class CheckpointFolder {
 public:
  // Makes nothing yet. `keep` (at least 1) is how many good ones stay, the newest, and with `keep_best` the one of
  // the lowest validation loss besides.
  CheckpointFolder(std::filesystem::path path, std::uint64_t keep, bool keep_best);

  // Writes into a temporary folder, syncs each file and the folder, renames it, syncs the parent; only then removes
  // what is no longer to be kept. Throws std::system_error naming the file; then the temporary folder is removed and
  // the older checkpoints are as they were (a failed sync of the parent: the new one is in place, and may not survive a
  // power cut). A checkpoint of the same step is replaced, without an instant in which neither would be found.
  WrittenCheckpoint write(const CheckpointContent& content);

  // The checkpoint of the highest step that reads back whole; nullopt when there is none. `passed_over`: for each one
  // above it, what is wrong with it, and whether the folder could not be read. Throws only when memory runs out.
  std::optional<Checkpoint> newest(std::vector<std::string>& passed_over) const;

  // Steps of all folders that are named like a checkpoint, the highest first, whatever lies in them.
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
  std::map<std::uint64_t, Good> good_;  // written here, or found to verify
};

}  // namespace binade::host
