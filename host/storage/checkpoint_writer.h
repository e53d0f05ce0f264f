// A checkpoint's folder from its making until it is in place.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "host/storage/checkpoint.h"

namespace binade::host {

constexpr const char* checkpoint_model_file = "model.safetensors";
constexpr const char* checkpoint_state_file = "state.safetensors";
constexpr const char* checkpoint_json_file = "state.json";
// What stands behind a checkpoint's name while it is written or removed, and of one that was moved aside for another.
constexpr const char* unfinished_suffix = ".tmp";
constexpr const char* replaced_suffix = ".old";
// Of one whose process ended while it was written, until all of it is removed.
constexpr const char* abandoned_suffix = ".gone";

// Every call throws std::system_error naming the file. Until it is in place the destructor removes all of it.
class CheckpointWriter {
 public:
  explicit CheckpointWriter(const std::filesystem::path& target);  // makes `target`.tmp
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  // All files, the manifest last, each synced, and the folder. Returns their bytes.
  std::uint64_t write(const CheckpointContent& content);

  // Gives it its name. The caller syncs the parent, and removes what is returned only after that: where an older one
  // lay that was replaced; empty where there was none.
  std::filesystem::path put_in_place();

 private:
  std::filesystem::path target_, path_;  // path_: empty when in place
};

// The manifest first: without it there is no checkpoint, whatever is left of the rest. Throws std::system_error.
void remove_checkpoint(const std::filesystem::path& folder);

}  // namespace binade::host
