#include "host/commands/opened_plugins.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "binade/options.h"

namespace binade::host {
namespace {

const PluginFile& file_of(const PluginSection& section, PluginKind kind, const Catalog& catalog) {
  return catalog.file(kind, section.plugin, section.library);
}

void require(bool condition, const Plugin& plugin, std::string_view what) {
  if (!condition) throw std::runtime_error(fmt::format("precision `{}`: {}", plugin.id(), what));
}

bool is_precision(std::uint32_t dtype) {
  return dtype == BINADE_FLOAT32 || dtype == BINADE_BFLOAT16 || dtype == BINADE_FLOAT16;
}

// The callee of binade_override_visitor. What is wrong is found afterwards: no exception may cross the plugin.
void collect(void* sink, std::uint32_t kind, binade_string name, std::uint32_t dtype) {
  static_cast<std::vector<PrecisionRule>*>(sink)->push_back(
      {static_cast<PrecisionRule::Kind>(kind), std::string(binade::view(name)), dtype});
}

void append_overrides(const Plugin& precision, const binade_precision_table& table, void* self,
                      std::vector<PrecisionRule>& rules) {
  if (table.overrides == nullptr) return;
  std::vector<PrecisionRule> own;
  precision.call("overrides", [&](auto* error) { return table.overrides(self, collect, &own, error); });
  for (auto& rule : own) {
    const auto kind = static_cast<std::uint32_t>(rule.kind);
    require(kind == BINADE_OVERRIDE_PARAMETERS || kind == BINADE_OVERRIDE_OPERATION, precision,
            fmt::format("the override `{}` is neither of parameters nor of an operation", rule.name));
    require(!rule.name.empty(), precision, "an override has an empty name");
    require(is_precision(rule.dtype), precision,
            fmt::format("the override `{}` has a dtype that is none of fp32, bf16, fp16", rule.name));
    rule.by_plugin = true;
    rules.push_back(std::move(rule));
  }
}

}  // namespace

OpenedPlugins::OpenedPlugins(const Experiment& experiment, const Catalog& catalog, const PluginLog& log)
    : model_manifest(file_of(experiment.model, PluginKind::model, catalog).manifest),
      model(open_plugin(file_of(experiment.model, PluginKind::model, catalog), log)),
      dataset(open_plugin(file_of(experiment.dataset, PluginKind::dataset, catalog), log)),
      precision(open_plugin(file_of(experiment.precision, PluginKind::precision, catalog), log)) {
  for (const auto& section : experiment.loggers) {
    loggers.push_back(open_plugin(file_of(section, PluginKind::logger, catalog), log));
  }
}

binade_policy OpenedPlugins::policy(const OptionTable& options, std::vector<PrecisionRule>& rules) const {
  const auto table = precision.table<binade_precision_table>();
  const OptionsView view(options);
  void* self = nullptr;
  precision.call("create", [&](auto* error) { return table.create(precision.host(), view.table(), &self, error); });
  const std::shared_ptr<void> destroyed_at_the_end(self, table.destroy);

  binade_policy policy{sizeof(binade_policy), BINADE_FLOAT32, 0, 0, 65536.0, 2.0, 0.5, 2000};
  precision.call("policy", [&](auto* error) { return table.policy(self, &policy, error); });
  require(is_precision(policy.compute_dtype), precision, "compute_dtype is none of fp32, bf16, fp16");
  require(std::isfinite(policy.init_scale) && policy.init_scale > 0, precision, "init_scale must be above 0");
  require(std::isfinite(policy.growth_factor) && policy.growth_factor > 1, precision, "growth_factor must be above 1");
  require(policy.backoff_factor > 0 && policy.backoff_factor < 1, precision, "backoff_factor must be between 0 and 1");
  require(policy.growth_interval >= 1, precision, "growth_interval must be at least 1");
  append_overrides(precision, table, self, rules);
  return policy;
}

std::vector<Plugin> OpenedPlugins::all() const {
  std::vector<Plugin> plugins{model, dataset, precision};
  plugins.insert(plugins.end(), loggers.begin(), loggers.end());
  return plugins;
}

}  // namespace binade::host
