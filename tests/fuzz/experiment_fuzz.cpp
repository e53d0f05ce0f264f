// A text as an experiment file: it is one, and then it reads back from what Binade writes of it, or its mistakes are
// told.
#include <unistd.h>

#include <fstream>

#include "host/experiment/resolved.h"
#include "tests/fuzz/plugins.h"

namespace {

struct MemoryFolder {
  MemoryFolder() {
    if (std::filesystem::exists("/dev/shm")) path = "/dev/shm";
    path /= "binade-fuzz-" + std::to_string(getpid());
    std::filesystem::create_directories(path);
  }
  ~MemoryFolder() { std::filesystem::remove_all(path); }
  std::filesystem::path path = std::filesystem::temp_directory_path();
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace binade::host;
  static const ManifestsOnly plugins;
  // load_experiment() reads files. In memory, where that is one.
  static const MemoryFolder folder;
  const auto path = folder.path / "file.toml";
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  Diagnostics diagnostics;
  const auto experiment = load_experiment(path, {}, plugins, diagnostics);
  if (experiment.has_value() != diagnostics.empty()) __builtin_trap();
  if (!experiment) {
    if (diagnostics.render(false).empty()) __builtin_trap();
    return 0;
  }
  std::ofstream(path, std::ios::binary) << to_toml(*experiment);
  Diagnostics again;
  if (!load_experiment(path, {}, plugins, again)) {
    fputs(again.render(false).c_str(), stderr);
    __builtin_trap();
  }
  return 0;
}
