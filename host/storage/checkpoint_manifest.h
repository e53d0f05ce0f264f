// manifest.json: what makes a folder a checkpoint.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace binade::host {

struct CheckpointManifest {
  struct File {
    std::uint64_t bytes = 0;
    std::string sha256;
  };
  static constexpr int version = 1;
  static constexpr const char* file_name = "manifest.json";

  std::uint64_t step = 0;
  std::optional<double> validation_loss;
  std::map<std::string, File> files;

  std::string text() const;
  // Throws std::runtime_error that says what is wrong. File names in it are plain names: no `/`, no dot in front.
  static CheckpointManifest parse(const std::string& text);
};

// A manifest, and the files it lists, read and compared with it. Throws std::runtime_error naming file and fault.
CheckpointManifest read_manifest(const std::filesystem::path& folder);
std::string read_listed(const std::filesystem::path& folder, const CheckpointManifest& manifest,
                        const std::string& name);
// The same comparison of all of them, without holding them in memory.
void verify_files(const std::filesystem::path& folder, const CheckpointManifest& manifest);

}  // namespace binade::host
