// The trained weights: their file and their hash.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "host/engine/model/model.h"

namespace binade::host {

// SHA-256 over name, type, shape and bytes of each parameter and buffer, in the model's order (a tied weight once,
// under its first name).
std::string hash_weights(const Model& model);

// Writes parameters and buffers as safetensors under their names, with `metadata` and their hash. Returns what
// hash_weights() would. Throws std::system_error naming the file.
std::string write_weights(const Model& model, const std::filesystem::path& file,
                          std::map<std::string, std::string> metadata = {});

}  // namespace binade::host
