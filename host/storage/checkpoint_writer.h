// Writes a checkpoint to a temporary folder and puts it in place.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "host/storage/checkpoint.h"

namespace binade::host {

constexpr const char* checkpoint_model_file = "model.safetensors";
constexpr const char* checkpoint_state_file = "state.safetensors";
constexpr const char* checkpoint_json_file = "state.json";
// Suffixes of a checkpoint's name: while it is written or removed, and after it was moved aside for another.
constexpr const char* unfinished_suffix = ".tmp";
constexpr const char* replaced_suffix = ".old";
// While the unfinished checkpoint of a process that has ended is removed.
constexpr const char* abandoned_suffix = ".gone";

// Every function throws std::system_error that names the file. The destructor removes the folder unless it is in place.
class CheckpointWriter {
 public:
  explicit CheckpointWriter(const std::filesystem::path& target);  // creates `target`.tmp
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  // Writes and syncs all files, the manifest last, and the folder. Returns the total size in bytes.
  std::uint64_t write(const CheckpointContent& content);

  // Renames the folder to its final name. Returns the path of a checkpoint that it replaced, or an empty path. The
  // caller must sync the parent folder before removing that checkpoint.
  std::filesystem::path put_in_place();

 private:
  std::filesystem::path target_, path_;  // path_ is empty once in place
};

// Removes the manifest first: without it, the folder is not a valid checkpoint. Throws std::system_error.
void remove_checkpoint(const std::filesystem::path& folder);

}  // namespace binade::host
