// A precision plugin as the engine uses it: what it says once, and what it decides step by step.
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
  // A policy of constants alone.
  explicit PrecisionPolicy(const binade_policy& policy) : policy_(policy) {}
  // Creates the plugin's policy and asks it. Throws PluginError, or std::runtime_error for constants that make no
  // sense: compute_dtype is fp32, bf16 or fp16, only fp16 is scaled, 2^-126 <= min_scale <= init_scale, growth_factor
  // above 1, backoff_factor between 0 and 1, growth_interval and hysteresis at least 1.
  PrecisionPolicy(const Plugin& plugin, const OptionTable& options);
  ~PrecisionPolicy();
  PrecisionPolicy(const PrecisionPolicy&) = delete;
  PrecisionPolicy& operator=(const PrecisionPolicy&) = delete;

  const binade_policy& constants() const { return policy_; }
  std::string plugin_id() const { return plugin_ ? plugin_->id() : ""; }  // empty: there is none
  std::string plugin_version() const { return plugin_ ? plugin_->version() : ""; }
  // What is in effect instead of the plugin's own constants; it then decides nothing any more unless they are the same.
  void replace(const binade_policy& policy);

  // The plugin's own, in its order. Throws PluginError, or std::runtime_error for one that makes no sense.
  std::vector<PrecisionRule> overrides() const;

  // Whether update() answers: the loss is scaled, and the plugin has an update() of its own.
  bool decides() const { return policy_.dynamic_scaling != 0 && table_.update != nullptr; }
  // Throws PluginError when the plugin fails. What it answers is not checked: see next_scale().
  binade_decision update(const binade_outcome& outcome);

  // The scale that a decision means: at least min_scale; nullopt when it is no scale at all (negative, zero, subnormal
  // in fp32, inf or NaN).
  std::optional<double> next_scale(const binade_decision& decision) const;

  // What update() goes by; empty for a plugin that remembers nothing. Loading "" into one that remembers is an error of
  // the plugin's choice. Throws PluginError.
  std::string save() const;
  void load(std::string_view state);

 private:
  std::optional<Plugin> plugin_;
  binade_precision_table table_{};
  void* self_ = nullptr;
  binade_policy policy_;
};

}  // namespace binade::host
