#include "host/run/run_fingerprint.h"

#include <fmt/format.h>

#include <cstdlib>

#include "host/cli/version.h"
#include "host/data/fingerprint/fingerprint_differences.h"
#include "host/experiment/resolved.h"
#include "host/experiment/toml/toml_text.h"
#include "host/loading/plugin_file.h"
#include "host/run/reports/summary_json.h"

namespace binade::host {
namespace {

// Variables by which the libraries below LibTorch choose their kernels and the order in which they add.
constexpr const char* variables[] = {
    "ATEN_CPU_CAPABILITY",     "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS", "MKL_NUM_THREADS",    "OMP_DYNAMIC",      "CUBLAS_WORKSPACE_CONFIG",
    "NVIDIA_TF32_OVERRIDE"};

}  // namespace

std::map<std::string, std::string> run_fingerprint(const Experiment& experiment, const std::vector<Plugin>& plugins,
                                                   const EngineInfo& engine, const binade_build_block& build,
                                                   const Fingerprint& data) {
  std::map<std::string, std::string> description{{"binade", version()},
                                                 {"libtorch", engine.torch_version},
                                                 {"libtorch's build", std::string(text_of(build.torch_cpu_build_id))},
                                                 {"cpu", cpu_model()},
                                                 {"cpu_capability", engine.cpu_capability}};
  for (const char* variable : variables) {
    if (const char* value = std::getenv(variable)) description[variable] = value;
  }
  add_fingerprint(description, data);
  for (const auto& plugin : plugins) {
    if (plugin.kind() == PluginKind::logger) continue;
    description[fmt::format("plugin {} ({})", plugin.id(), to_string(plugin.kind()))] = "sha256 " + plugin.sha256();
  }
  for (const auto& section : resolved_sections(experiment)) {
    for (const auto* table : section.tables) {
      for (const auto& option : table->options()) {
        if (option.values.empty() && !option.spec->array) continue;
        const auto key = option.spec->table ? option.spec->name + "." + option.key : option.spec->name;
        description[fmt::format("option.{}.{}", section.name, key)] =
            option.spec->array ? toml_array(option.values) : toml_scalar(option.values.front());
      }
    }
  }
  return description;
}

}  // namespace binade::host
