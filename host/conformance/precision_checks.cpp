// The checks of precision policies.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <random>

#include "binade/abi/precision.h"
#include "host/conformance/checks.h"
#include "host/loading/exception_trap.h"

namespace binade::host {
namespace {

struct State {
  binade_state base;  // first: the plugin's pointer is a pointer to this
  std::string bytes;
  ExceptionTrap failure;
};

class Policy {
 public:
  Policy(const PluginUnderTest& subject, const Plugin& plugin)
      : table_(plugin.table<binade_precision_table>()), object_(plugin, subject.options) {
    if (table_.policy == nullptr) throw Violation("its table lacks policy");
    must_succeed("policy", [&](binade_error* error) { return table_.policy(object_.self(), &policy_, error); });
  }
  const binade_policy& policy() const { return policy_; }
  const binade_precision_table& table() const { return table_; }
  void* self() const { return object_.self(); }

  binade_decision update(const binade_outcome& outcome) const {
    binade_decision decision{sizeof(decision), outcome.found_inf == 0 ? 1u : 0u, outcome.scale};
    if (table_.update == nullptr) return decision;
    must_succeed("update",
                 [&](binade_error* error) { return table_.update(object_.self(), &outcome, &decision, error); });
    return decision;
  }
  void tell_overrides() const {
    if (table_.overrides == nullptr) return;
    binade_overrides sink{sizeof(sink), 0, [](binade_overrides*, std::uint32_t, binade_string, std::uint32_t) {}};
    must_succeed("overrides", [&](binade_error* error) { return table_.overrides(object_.self(), &sink, error); });
  }
  std::string save() const {
    State state{{sizeof(binade_state), 0, nullptr}, {}, {}};
    state.base.write = [](binade_state* self, const void* data, std::uint64_t bytes) noexcept {
      auto& own = *reinterpret_cast<State*>(self);
      own.failure.keep([&] { own.bytes.append(static_cast<const char*>(data), bytes); });
    };
    must_succeed("save", [&](binade_error* error) { return table_.save(object_.self(), &state.base, error); });
    state.failure.rethrow();
    return state.bytes;
  }
  void load(const std::string& state) const {
    must_succeed("load",
                 [&](binade_error* error) { return table_.load(object_.self(), state.data(), state.size(), error); });
  }

 private:
  binade_precision_table table_;
  PluginInstance object_;
  binade_policy policy_{sizeof(binade_policy), BINADE_FLOAT32, 0, 0, 65536, 2, 0.5, 2000, 1.0 / 16384, 1, 0};
};

// Outcomes of steps as a run may have them, with consecutive overflows.
std::vector<binade_outcome> outcomes(std::uint64_t seed, std::size_t count, const binade_policy& policy) {
  static const std::vector<std::uint64_t> exponents = [] {
    std::vector<std::uint64_t> counts(BINADE_EXPONENTS, 0);
    counts[120] = 1000;
    return counts;
  }();
  std::mt19937_64 random(seed);
  std::vector<binade_outcome> all;
  all.reserve(count);
  for (std::size_t step = 1; step <= count; ++step) {
    binade_outcome outcome{sizeof(outcome), random() % 3 == 0 ? 1u : 0u, step, policy.init_scale, 1, 1, nullptr};
    if (outcome.found_inf != 0) outcome.gradient_norm = std::numeric_limits<double>::infinity();
    if (policy.exponents_every > 0 && (step - 1) % static_cast<std::uint64_t>(policy.exponents_every) == 0) {
      outcome.exponents = exponents.data();
    }
    all.push_back(outcome);
  }
  return all;
}

void has_a_valid_policy(const PluginUnderTest& subject) {
  const auto plugin = open(subject);
  const Policy policy(subject, plugin);
  const auto& p = policy.policy();
  if (p.compute_dtype != BINADE_FLOAT32 && p.compute_dtype != BINADE_BFLOAT16 && p.compute_dtype != BINADE_FLOAT16) {
    throw Violation(
        fmt::format("compute_dtype is {}, which is not BINADE_FLOAT32, BFLOAT16 or FLOAT16", p.compute_dtype));
  }
  if (p.dynamic_scaling == 0) return;
  if (!(p.init_scale > 0) || std::isinf(p.init_scale)) throw Violation("init_scale is not a positive finite number");
  if (!(p.min_scale >= 0x1p-126) || p.min_scale > p.init_scale)
    throw Violation("min_scale is not in [2^-126, init_scale]");
  if (policy.table().update != nullptr) return;
  if (!(p.growth_factor > 1)) throw Violation("growth_factor is not above 1");
  if (!(p.backoff_factor > 0) || !(p.backoff_factor < 1)) throw Violation("backoff_factor is not in (0, 1)");
  if (p.growth_interval < 1 || p.hysteresis < 1) throw Violation("growth_interval or hysteresis is below 1");
}

constexpr std::size_t steps = 200;

void decides_the_same_each_time(const PluginUnderTest& subject) {
  const auto plugin = open(subject);
  const Policy one(subject, plugin), other(subject, plugin);
  const auto all = outcomes(subject.seed, steps, one.policy());
  std::vector<double> scales;
  scales.reserve(all.size());
  for (const auto& outcome : all) scales.push_back(one.update(outcome).scale);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (const auto scale = other.update(all[i]).scale; scale != scales[i]) {
      throw Violation(fmt::format("two policies that saw the same steps differ: scale {:g} and {:g} in step {}",
                                  scales[i], scale, i + 1));
    }
  }
}

void resumes_from_its_state(const PluginUnderTest& subject) {
  const auto plugin = open(subject);
  const Policy first(subject, plugin), second(subject, plugin);
  const auto& table = first.table();
  if ((table.save == nullptr) != (table.load == nullptr))
    throw Violation("a plugin with save() needs load(), and the reverse");
  const auto all = outcomes(subject.seed, steps, first.policy());
  // Cuts after an overflow, when there is something to remember.
  std::size_t cut = steps / 2;
  while (all[cut - 1].found_inf == 0) ++cut;
  for (std::size_t i = 0; i < cut; ++i) first.update(all[i]);
  if (table.save != nullptr) second.load(first.save());
  for (std::size_t i = cut; i < all.size(); ++i) {
    const auto expected = first.update(all[i]).scale, scale = second.update(all[i]).scale;
    if (scale == expected) continue;
    throw Violation(fmt::format("{}: in step {} the scale is {:g} instead of {:g} without the interruption",
                                table.save == nullptr ? "it remembers steps but has no save()"
                                                      : "save() and load() do not carry all of its state",
                                i + 1, scale, expected));
  }
}

void refuses_a_strange_state(const PluginUnderTest& subject) {
  const auto plugin = open(subject);
  const Policy policy(subject, plugin);
  if (policy.table().load == nullptr) return;
  std::mt19937_64 random(subject.seed);
  for (std::size_t size : {0, 1, 7, 64, 4096}) {
    std::string state(size, '\0');
    for (auto& byte : state) byte = static_cast<char>(random());
    try_call("load", [&](binade_error* error) {
      return policy.table().load(policy.self(), state.data(), state.size(), error);
    });
  }
}

void use_precision(const PluginUnderTest& subject, const Plugin& plugin) {
  const Policy policy(subject, plugin);
  policy.tell_overrides();
  for (const auto& outcome : outcomes(subject.seed, 10, policy.policy())) policy.update(outcome);
  if (policy.table().save != nullptr) policy.load(policy.save());
}

}  // namespace

std::vector<Check> precision_checks() {
  return with_checks_of_use({{"policy", has_a_valid_policy},
                             {"determinism", decides_the_same_each_time},
                             {"state_round_trip", resumes_from_its_state},
                             {"strange_state", refuses_a_strange_state}},
                            use_precision);
}

}  // namespace binade::host
