// The trained weights: their file and their hash.
#pragma once

#include <filesystem>
#include <string>

#include "host/engine/model.h"

namespace binade::host {

// Writes parameters and buffers as safetensors under their names (a tied weight once, under its first). Returns the
// SHA-256 over name, type, shape and bytes of each, in order. Throws std::system_error naming the file.
std::string write_weights(const Model& model, const std::filesystem::path& file);

}  // namespace binade::host
