#include "host/engine/amp/precision_overrides.h"

#include <ATen/autocast_mode.h>
#include <ATen/core/List.h>
#include <fmt/format.h>
#include <torch/library.h>

#include <algorithm>
#include <atomic>
#include <limits>

#include "host/engine/amp/overridable_operations.h"
#include "host/engine/device/device.h"
#include "host/engine/optim/parameters.h"

namespace binade::host {
namespace {

using Rank = std::size_t;  // of a rule: its position
constexpr Rank none = std::numeric_limits<Rank>::max();

std::string section(const PrecisionRule& rule) {
  if (rule.by_plugin) return "the precision plugin's overrides";
  return rule.kind == PrecisionRule::Kind::parameters ? "[precision.overrides]" : "[precision.operations]";
}

class Silence : public c10::WarningHandler {
 public:
  void process(const c10::Warning&) override {}
};

}  // namespace

// State that the kernels share with the object that installed them.
struct PrecisionOverrides::State {
  struct Rule {
    at::ScalarType dtype;
    std::atomic<bool> used{false};
  };
  // A parameter's bytes. Several may lie in one storage.
  struct Extent {
    const c10::StorageImpl* storage;
    std::size_t begin, end;
    Rank rank;
  };
  explicit State(std::size_t count) : rules(count) {}

  void add(const at::Tensor& parameter, Rank rank) {
    const auto begin = static_cast<std::size_t>(parameter.storage_offset()) * parameter.itemsize();
    // Held so that the storage is not freed and its address never becomes another's.
    held.push_back(parameter.storage());
    const Extent extent{held.back().unsafeGetStorageImpl(), begin, begin + parameter.nbytes(), rank};
    extents.insert(std::upper_bound(extents.begin(), extents.end(), extent, before), extent);
  }
  Rank rank_of(const at::Tensor& tensor) const {
    if (!tensor.defined() || !tensor.is_floating_point() || !tensor.has_storage()) return none;
    const Extent wanted{tensor.storage().unsafeGetStorageImpl(), 0, 0, none};
    const auto at = static_cast<std::size_t>(tensor.storage_offset()) * tensor.itemsize();
    auto rank = none;
    for (auto extent = std::lower_bound(extents.begin(), extents.end(), wanted, before);
         extent != extents.end() && extent->storage == wanted.storage; ++extent) {
      if (extent->begin <= at && at < extent->end) rank = std::min(rank, extent->rank);
    }
    return rank;
  }
  Rank rank_of(const c10::IValue& value) const {
    if (value.isTensor()) return rank_of(value.toTensor());
    if (!value.isTensorList()) return none;
    auto rank = none;
    for (const at::Tensor& tensor : value.toTensorList()) rank = std::min(rank, rank_of(tensor));
    return rank;
  }
  static bool before(const Extent& a, const Extent& b) { return std::less<>()(a.storage, b.storage); }

  std::vector<Rule> rules;
  std::vector<Extent> extents;  // sorted by storage
  std::vector<c10::Storage> held;
};

// Replaces the autocast kernel of one operator.
class PrecisionOverrides::Kernel : public c10::OperatorKernel {
 public:
  Kernel(std::shared_ptr<State> state, const c10::OperatorHandle& op, Rank operation, c10::DeviceType device)
      : state_(std::move(state)),
        operation_(operation),
        device_(device),
        autocast_(at::autocast::get_autocast_dispatch_key_from_device_type(device)),
        below_(c10::DispatchKeySet::FULL_AFTER, autocast_),
        arguments_(op.schema().arguments().size()),
        cast_(op.schema().argumentIndexWithName("running_mean") ? 1 : arguments_) {
    if (op.hasKernelForDispatchKey(autocast_)) ordinary_ = op.getComputedKernelForDispatchKey(autocast_);
  }

  void operator()(const c10::OperatorHandle& op, c10::DispatchKeySet keys, c10::Stack* stack) const {
    const auto first = stack->end() - static_cast<std::ptrdiff_t>(arguments_);
    auto rank = operation_;
    for (auto value = first; value != stack->end(); ++value) rank = std::min(rank, state_->rank_of(*value));
    if (rank == none) {
      if (ordinary_) return ordinary_->callBoxed(op, keys, stack);
      return op.redispatchBoxed(keys & below_, stack);
    }
    auto& rule = state_->rules[rank];
    rule.used.store(true, std::memory_order_relaxed);
    const c10::impl::ExcludeDispatchKeyGuard no_autocast(autocast_);
    std::for_each(first, first + static_cast<std::ptrdiff_t>(cast_), [&](auto& value) { cast(value, rule.dtype); });
    op.redispatchBoxed(keys & below_, stack);
  }

 private:
  void cast(c10::IValue& value, at::ScalarType dtype) const {
    if (value.isTensor()) {
      value = at::autocast::cached_cast(dtype, value.toTensor(), device_);
    } else if (value.isTensorList()) {
      c10::List<at::Tensor> tensors;
      for (const at::Tensor& tensor : value.toTensorList()) {
        tensors.push_back(at::autocast::cached_cast(dtype, tensor, device_));
      }
      value = std::move(tensors);
    }
  }

  std::shared_ptr<State> state_;
  Rank operation_;
  c10::DeviceType device_;
  c10::DispatchKey autocast_;
  c10::DispatchKeySet below_;
  std::size_t arguments_;
  std::size_t cast_;  // how many arguments are cast
  std::optional<c10::SafeKernelFunction> ordinary_;
};

struct PrecisionOverrides::Installed {
  torch::Library library;
};

PrecisionOverrides::PrecisionOverrides(const Model& model, const std::vector<PrecisionRule>& rules)
    : rules_(rules), state_(std::make_shared<State>(rules.size())) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : model.parameters()) names.push_back(name);
  for (Rank rank = 0; rank < rules_.size(); ++rank) {
    const auto& rule = rules_[rank];
    state_->rules[rank].dtype = scalar_type(rule.dtype);
    if (rule.kind == PrecisionRule::Kind::operation) {
      operators_named(rule.name, section(rule));
      continue;
    }
    if (!rule.by_plugin) require_match({rule.name}, names, section(rule), "parameter");
    for (const auto& [name, tensor] : model.parameters()) {
      if (matches(rule.name, name)) state_->add(tensor, rank);
    }
  }
}

PrecisionOverrides::~PrecisionOverrides() = default;

void PrecisionOverrides::install(c10::DeviceType device) {
  const auto key = at::autocast::get_autocast_dispatch_key_from_device_type(device);
  std::vector<std::pair<c10::OperatorHandle, Rank>> chosen;
  for (Rank rank = 0; rank < rules_.size(); ++rank) {
    if (rules_[rank].kind != PrecisionRule::Kind::operation) continue;
    for (const auto& op : operators_named(rules_[rank].name, "")) {
      const bool earlier = std::any_of(chosen.begin(), chosen.end(), [&](const auto& one) { return one.first == op; });
      if (!earlier) chosen.emplace_back(op, rank);
    }
  }
  if (!state_->extents.empty()) {
    for (const auto& op : operators_of_parameters(key)) {
      const bool named = std::any_of(chosen.begin(), chosen.end(), [&](const auto& one) { return one.first == op; });
      if (!named) chosen.emplace_back(op, none);
    }
  }
  if (chosen.empty()) return;
  // LibTorch warns of whoever replaces one of its own kernels.
  Silence silence;
  const c10::WarningUtils::WarningHandlerGuard quiet(&silence);
  installed_ = std::make_unique<Installed>(
      Installed{torch::Library(torch::Library::IMPL, "aten", key, "precision_overrides.cpp", 0)});
  for (const auto& [op, rank] : chosen) {
    installed_->library.impl(
        toString(op.operator_name()).c_str(),
        torch::CppFunction::makeFromBoxedFunctor(std::make_unique<Kernel>(state_, op, rank, device)));
  }
}

std::vector<std::string> PrecisionOverrides::unused() const {
  std::vector<std::string> out;
  for (Rank rank = 0; installed_ && rank < rules_.size(); ++rank) {
    if (rules_[rank].by_plugin || state_->rules[rank].used.load(std::memory_order_relaxed)) continue;
    out.push_back(fmt::format("{} {}", section(rules_[rank]), rules_[rank].name));
  }
  return out;
}

}  // namespace binade::host
