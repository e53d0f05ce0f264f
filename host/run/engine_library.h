// The engine library: found beside the executable, loaded when a verb trains.
#pragma once

#include <filesystem>
#include <memory>

#include "binade/abi/note.h"
#include "host/engine_api/engine.h"

namespace binade::host {

class EngineLibrary {
 public:
  // Reads the engine's build block without loading the library. Throws std::runtime_error that names the missing file.
  explicit EngineLibrary(const std::filesystem::path& executable);

  const std::filesystem::path& path() const { return path_; }
  const binade_build_block& build_block() const { return build_block_; }

  // Loads the engine together with LibTorch, which takes some hundred milliseconds. Takes the LibTorch that
  // BINADE_LIBTORCH names; else the one that the engine was built with, if it is still there; else the one that
  // `binade setup` fetched. Throws std::runtime_error when there is none, or when it is not the one that the engine was
  // built against. The libraries are never unloaded.
  std::unique_ptr<Engine> load() const;

 private:
  std::filesystem::path path_;
  binade_build_block build_block_;
};

}  // namespace binade::host
