#include "host/run/engine_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <boost/dll/shared_library.hpp>
#include <stdexcept>

#include "host/base/cache_folder.h"
#include "host/base/environment_variable.h"
#include "host/loading/elf/loader_words.h"
#include "host/loading/plugin_file.h"

namespace binade::host {
namespace {

namespace fs = std::filesystem;
namespace dll = boost::dll;

fs::path find_engine(const fs::path& executable) {
  const auto prefix = executable.parent_path().parent_path();
  const auto usual = prefix / BINADE_INSTALL_LIBDIR / "binade" / "libbinade_engine.so";
  return fs::exists(usual) ? usual : prefix / "lib" / "binade" / "libbinade_engine.so";  // in the build tree
}

// Where experiments/libtorch.sh puts it, with CUDA's libraries first.
std::vector<fs::path> fetched_libtorch(const std::string& version) {
  const auto cache = cache_folder();
  if (cache.empty()) return {};
  const auto folder = "libtorch-" + version;
  return {cache / (folder + "-cuda") / "torch", cache / folder / "torch"};
}

// The engine asks for LibTorch by its bare name, which the dynamic linker resolves to a library that is already loaded.
// Returns the text of dlerror(), or nothing.
std::string load_libtorch(const fs::path& folder) {
  return dlopen((folder / "lib/libtorch_cpu.so").c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr ? dlerror() : "";
}

void load_named_libtorch(const fs::path& folder) {
  if (const auto error = load_libtorch(folder); !error.empty()) {
    throw std::runtime_error(
        fmt::format("BINADE_LIBTORCH names {}, which cannot be used: {}\n  help: it must be LibTorch's folder, with "
                    "lib/libtorch_cpu.so in it",
                    folder.string(), error));
  }
}

void load_fetched_libtorch(const std::string& version) {
  for (const auto& folder : fetched_libtorch(version)) {
    if (fs::exists(folder) && load_libtorch(folder).empty()) return;
  }
}

// Never unloaded: autograd nodes of LibTorch hold code of their libraries.
dll::shared_library open_engine(const fs::path& path, const std::string& version) {
  constexpr auto no_delete = static_cast<dll::load_mode::type>(RTLD_NODELETE);
  constexpr auto mode = dll::load_mode::rtld_now | dll::load_mode::rtld_local | no_delete;
  dll::shared_library library;
  if (const auto named = environment_variable("BINADE_LIBTORCH"); !named.empty()) {
    load_named_libtorch(named);
  } else {
    std::error_code without_libtorch;
    library.load(path, mode, without_libtorch);
    if (!without_libtorch) return library;
    load_fetched_libtorch(version);
  }
  library.load(path, mode);
  return library;
}

}  // namespace

EngineLibrary::EngineLibrary(const fs::path& executable) : path_(find_engine(executable).lexically_normal()) {
  if (!fs::exists(path_)) {
    throw std::runtime_error(fmt::format("the engine is missing: {}; install or build Binade whole", path_.string()));
  }
  const auto block = read_build_block(path_);
  if (!block) throw std::runtime_error(fmt::format("{} carries no build block: rebuild Binade", path_.string()));
  build_block_ = *block;
}

std::unique_ptr<Engine> EngineLibrary::load() const {
  const std::string version(text_of(build_block_.torch_version));
  try {
    std::unique_ptr<Engine> engine(open_engine(path_, version).get<EngineFunction>(engine_symbol)());
    if (const auto mismatch = engine->info().libtorch_mismatch; !mismatch.empty()) {
      throw std::runtime_error(fmt::format(
          "the LibTorch that was loaded is not the one that the engine was built against: {}\n  help: unset "
          "BINADE_LIBTORCH and LD_LIBRARY_PATH, or rebuild Binade against that LibTorch",
          mismatch));
    }
    return engine;
  } catch (const dll::fs::system_error& error) {
    const auto words = loader_words(error.what());
    const bool no_room = words.find("failed to map segment") != std::string::npos ||
                         words.find("annot allocate memory") != std::string::npos;
    if (no_room) {
      throw std::runtime_error(
          fmt::format("the engine cannot be loaded: {}\n  help: the process may have too little address space (ulimit "
                      "-v): LibTorch's "
                      "libraries take some 500 MiB, training more",
                      words));
    }
    throw std::runtime_error(
        fmt::format("the engine cannot be loaded: {}\n  help: `binade setup` fetches LibTorch {}; or set "
                    "BINADE_LIBTORCH to the folder of your own, with lib/libtorch_cpu.so in it",
                    words, version));
  }
}

}  // namespace binade::host
