#include "host/commands/engine_library.h"

#include <fmt/format.h>

#include <boost/dll/shared_library.hpp>
#include <stdexcept>

#include "host/loading/plugin_file.h"

namespace binade::host {

EngineLibrary::EngineLibrary(const std::filesystem::path& executable)
    : path_((executable.parent_path() / ".." / "lib" / "binade" / "libbinade_engine.so").lexically_normal()) {
  if (!std::filesystem::exists(path_)) {
    throw std::runtime_error(fmt::format("the engine is missing: {}; install or build Binade whole", path_.string()));
  }
  const auto block = read_build_block(path_);
  if (!block) throw std::runtime_error(fmt::format("{} carries no build block: rebuild Binade", path_.string()));
  build_block_ = *block;
}

std::unique_ptr<Engine> EngineLibrary::load() const {
  namespace dll = boost::dll;
  try {
    // Kept open for good: autograd nodes of LibTorch hold code of their libraries.
    auto& library = *new dll::shared_library(path_, dll::load_mode::rtld_now | dll::load_mode::rtld_local);
    std::unique_ptr<Engine> engine(library.get<EngineFunction>(engine_symbol)());
    if (const auto mismatch = engine->info().libtorch_mismatch; !mismatch.empty()) {
      throw std::runtime_error(
          fmt::format("another LibTorch was loaded than the engine was built against: {}\n  help: unset "
                      "LD_LIBRARY_PATH, or rebuild Binade against that LibTorch",
                      mismatch));
    }
    return engine;
  } catch (const boost::dll::fs::system_error& error) {
    throw std::runtime_error(
        fmt::format("the engine cannot be loaded: {}\n  help: is LibTorch {} where it was when "
                    "Binade was built? `bash experiments/run.sh` fetches it again",
                    error.what(), text_of(build_block_.torch_version)));
  }
}

}  // namespace binade::host
