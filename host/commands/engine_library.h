// The engine library: found beside the executable, loaded when a verb trains.
#pragma once

#include <filesystem>
#include <memory>

#include "binade/abi/note.h"
#include "host/engine/engine.h"

namespace binade::host {

class EngineLibrary {
 public:
  // Reads the engine's build block; loads nothing. Throws std::runtime_error that says where it was looked for.
  explicit EngineLibrary(const std::filesystem::path& executable);

  const std::filesystem::path& path() const { return path_; }
  const binade_build_block& build_block() const { return build_block_; }

  // Loads LibTorch with it (some hundred milliseconds). Throws std::runtime_error when LibTorch is missing or is not
  // the one that the engine was built against. The library is never unloaded.
  std::unique_ptr<Engine> load() const;

 private:
  std::filesystem::path path_;
  binade_build_block build_block_;
};

}  // namespace binade::host
