// manifest.json, which lists the files of a checkpoint.
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
  // Throws std::runtime_error that describes the error. File names must not contain `/` or start with a dot.
  static CheckpointManifest parse(const std::string& text);
};

// Read a manifest, and a file that it lists, which must match size and hash. Throw std::runtime_error that names the
// file and the error.
CheckpointManifest read_manifest(const std::filesystem::path& folder);
std::string read_listed(const std::filesystem::path& folder, const CheckpointManifest& manifest,
                        const std::string& name);
// Checks all listed files without loading them into memory.
void verify_files(const std::filesystem::path& folder, const CheckpointManifest& manifest);

}  // namespace binade::host
