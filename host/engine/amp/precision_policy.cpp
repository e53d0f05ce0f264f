#include "host/engine/amp/precision_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <tuple>

#include "binade/precision.h"
#include "host/loading/exception_trap.h"

namespace binade::host {
namespace {

constexpr double smallest_scale =
    std::numeric_limits<float>::min();  // 2^-126: the inverse of anything less overflows fp32

bool is_precision(std::uint32_t dtype) {
  return dtype == BINADE_FLOAT32 || dtype == BINADE_BFLOAT16 || dtype == BINADE_FLOAT16;
}

// Checked later.
struct OverrideSink {
  binade_overrides base;  // first: the plugin's pointer is a pointer to this
  std::vector<PrecisionRule>* rules;
  ExceptionTrap failure{};

  static void add(binade_overrides* self, std::uint32_t kind, binade_string name, std::uint32_t dtype) noexcept {
    auto& sink = *reinterpret_cast<OverrideSink*>(self);
    sink.failure.keep([&] {
      sink.rules->push_back(
          {static_cast<PrecisionRule::Kind>(kind), std::string(view(name)), dtype, /*by_plugin=*/true});
    });
  }
};

// Throws for an invalid answer of a plugin.
class Require {
 public:
  explicit Require(const Plugin& plugin) : plugin_(plugin.id()) {}
  void operator()(bool condition, std::string_view what) const {
    if (!condition) throw std::runtime_error(fmt::format("precision `{}`: {}", plugin_, what));
  }

 private:
  const std::string& plugin_;
};

void require_sense(const binade_policy& policy, const Require& require) {
  const auto dtype = policy.compute_dtype;
  require(is_precision(dtype), "compute_dtype is not fp32, bf16 or fp16");
  if (policy.dynamic_scaling == 0) return;
  require(dtype == BINADE_FLOAT16,
          "asks for loss scaling, which only fp16 needs: the range of bf16 and fp32 is wide enough without");
  const auto is_finite = [](double number) { return std::isfinite(number); };
  require(is_finite(policy.init_scale) && policy.init_scale > 0, "init_scale must be above 0");
  require(std::isfinite(static_cast<float>(policy.init_scale)), "init_scale must be an fp32 number");
  require(is_finite(policy.growth_factor) && policy.growth_factor > 1, "growth_factor must be above 1");
  require(policy.backoff_factor > 0 && policy.backoff_factor < 1, "backoff_factor must be between 0 and 1");
  require(policy.growth_interval >= 1, "growth_interval must be at least 1");
  require(policy.min_scale >= smallest_scale, "min_scale must be at least 2^-126");
  require(policy.min_scale <= policy.init_scale, "min_scale is above init_scale, where the scale begins");
  require(policy.hysteresis >= 1, "hysteresis must be at least 1");
  require(policy.exponents_every >= 0, "exponents_every must not be negative");
}

struct StateSink {
  binade_state base;
  std::string* bytes;
  ExceptionTrap failure{};

  static void write(binade_state* self, const void* data, std::uint64_t size) noexcept {
    auto& sink = *reinterpret_cast<StateSink*>(self);
    sink.failure.keep([&] { sink.bytes->append(static_cast<const char*>(data), size); });
  }
};

}  // namespace

PrecisionPolicy::PrecisionPolicy(const Plugin& plugin, const OptionTable& options)
    : plugin_(plugin), table_(plugin.table<binade_precision_table>()), policy_(full_precision()) {
  const OptionsView view(options);
  plugin_->call("create",
                [&](binade_error* error) { return table_.create(plugin_->host(), view.table(), &self_, error); });
  try {
    plugin_->call("policy", [&](binade_error* error) { return table_.policy(self_, &policy_, error); });
    require_sense(policy_, Require(*plugin_));
  } catch (...) {
    table_.destroy(self_);
    throw;
  }
}

PrecisionPolicy::~PrecisionPolicy() {
  if (self_ != nullptr) table_.destroy(self_);
}

void PrecisionPolicy::replace(const binade_policy& policy) {
  const auto constants = [](const binade_policy& of) {
    return std::tie(of.compute_dtype, of.autocast, of.dynamic_scaling, of.init_scale, of.growth_factor,
                    of.backoff_factor, of.growth_interval, of.min_scale, of.hysteresis, of.exponents_every);
  };
  if (constants(policy_) == constants(policy)) return;
  policy_ = policy;
  table_.update = nullptr;
}

std::vector<PrecisionRule> PrecisionPolicy::overrides() const {
  std::vector<PrecisionRule> rules;
  if (table_.overrides == nullptr) return rules;
  OverrideSink sink{{sizeof(binade_overrides), 0, OverrideSink::add}, &rules};
  plugin_->call("overrides", [&](binade_error* error) { return table_.overrides(self_, &sink.base, error); });
  sink.failure.rethrow();
  const Require require(*plugin_);
  for (const auto& rule : rules) {
    const auto kind = static_cast<std::uint32_t>(rule.kind);
    require(kind == BINADE_OVERRIDE_PARAMETERS || kind == BINADE_OVERRIDE_OPERATION,
            fmt::format("the override `{}` has an unknown kind", rule.name));
    require(!rule.name.empty(), "an override has an empty name");
    require(is_precision(rule.dtype),
            fmt::format("the override `{}` has a dtype other than fp32, bf16, fp16", rule.name));
  }
  return rules;
}

binade_decision PrecisionPolicy::update(const binade_outcome& outcome) {
  binade_decision decision{sizeof(binade_decision), outcome.found_inf == 0 ? 1u : 0u, outcome.scale};
  plugin_->call("update", [&](binade_error* error) { return table_.update(self_, &outcome, &decision, error); });
  return decision;
}

std::optional<double> PrecisionPolicy::next_scale(const binade_decision& decision) const {
  const auto scale = static_cast<float>(decision.scale);
  if (!(scale > 0) || !std::isnormal(scale)) return std::nullopt;
  return std::max(static_cast<double>(scale), policy_.min_scale);
}

std::string PrecisionPolicy::save() const {
  std::string bytes;
  if (table_.save == nullptr) return bytes;
  StateSink sink{{sizeof(binade_state), 0, StateSink::write}, &bytes};
  plugin_->call("save", [&](binade_error* error) { return table_.save(self_, &sink.base, error); });
  sink.failure.rethrow();
  return bytes;
}

void PrecisionPolicy::load(std::string_view state) {
  if (table_.load == nullptr) return;
  plugin_->call("load", [&](binade_error* error) { return table_.load(self_, state.data(), state.size(), error); });
}

}  // namespace binade::host
