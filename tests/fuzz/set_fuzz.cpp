// Lines as `--set` overrides of an experiment.
#include "host/experiment/toml/overrides.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace binade::host;
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> overrides;
  for (std::size_t begin = 0; begin <= text.size() && overrides.size() < 16;) {
    const auto end = std::min(text.find('\n', begin), text.size());
    overrides.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  Diagnostics diagnostics;
  static const std::string source =
      "[train]\nsteps = 1\n[[logger]]\nplugin = \"screen\"\n[model]\nlimits = { low = 1 }\n";
  diagnostics.add_source("file.toml", source);
  auto root = parse_toml(source, "file.toml", diagnostics);
  apply_overrides(*root, overrides, diagnostics);
  if (!diagnostics.empty() && diagnostics.render(false).empty()) __builtin_trap();
  return 0;
}
