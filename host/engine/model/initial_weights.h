// [model] init_from: a model that starts from existing weights.
#pragma once

#include <filesystem>
#include <string>

#include "host/engine/model/model.h"

namespace binade::host {

// Copies the tensors of `from` into the model's of the same names: a safetensors file; a checkpoint's folder, whose
// hashes are checked; or a run's directory, where the newest good checkpoint is taken, else weights.safetensors.
// Floating-point numbers are converted; a parameter with NaN or infinities, a buffer with NaN, and values that overflow
// the model's type count as not fitting. Nothing is ever unpickled or run. `strict`: the names and shapes must be
// exactly the model's, though any name of a tied weight will do; otherwise what fits is taken. Returns a line for the
// log, and with strict = false what was left out. Throws CheckpointError that lists what is missing, unexpected, of
// another shape or not finite, or says why the file cannot be read; then the model is unchanged.
struct InitialWeights {
  std::string taken, left_out;  // left_out is empty where all fitted
};
InitialWeights load_initial_weights(const Model& model, const std::filesystem::path& from, bool strict);

}  // namespace binade::host
