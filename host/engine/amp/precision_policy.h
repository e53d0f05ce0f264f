// A precision plugin as the engine uses it: its constants, and what it decides step by step.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "binade/abi/precision.h"
#include "host/engine/amp/precision_rules.h"
#include "host/loading/plugin.h"

namespace binade::host {

class PrecisionPolicy {
 public:
  // A policy that consists of constants alone.
  explicit PrecisionPolicy(const binade_policy& policy) : policy_(policy) {}
  // Creates the plugin's policy and asks for its constants. Throws PluginError, or std::runtime_error for invalid
  // constants. Valid are: compute_dtype fp32, bf16 or fp16, scaling for fp16 only, 2^-126 <= min_scale <= init_scale,
  // growth_factor above 1, backoff_factor between 0 and 1, growth_interval and hysteresis at least 1.
  PrecisionPolicy(const Plugin& plugin, const OptionTable& options);
  ~PrecisionPolicy();
  PrecisionPolicy(const PrecisionPolicy&) = delete;
  PrecisionPolicy& operator=(const PrecisionPolicy&) = delete;

  const binade_policy& constants() const { return policy_; }
  std::string plugin_id() const { return plugin_ ? plugin_->id() : ""; }  // empty: no plugin
  std::string plugin_version() const { return plugin_ ? plugin_->version() : ""; }
  // Replaces the plugin's own constants; unless they are the same, the plugin then no longer decides anything.
  void replace(const binade_policy& policy);

  // The plugin's own, in its order. Throws PluginError, or std::runtime_error for an invalid rule.
  std::vector<PrecisionRule> overrides() const;

  // Whether update() may be called: the loss is scaled, and the plugin has an update() of its own.
  bool decides() const { return policy_.dynamic_scaling != 0 && table_.update != nullptr; }
  // Throws PluginError when the plugin fails. Does not check the decision: see next_scale().
  binade_decision update(const binade_outcome& outcome);

  // The loss scale of a decision: at least min_scale; nullopt when it is invalid (negative, zero, subnormal in fp32,
  // inf or NaN).
  std::optional<double> next_scale(const binade_decision& decision) const;

  // The state of the plugin; empty for a plugin without state. A plugin may refuse to load "". Throws PluginError.
  std::string save() const;
  void load(std::string_view state);

 private:
  std::optional<Plugin> plugin_;
  binade_precision_table table_{};
  void* self_ = nullptr;
  binade_policy policy_;
};

}  // namespace binade::host
