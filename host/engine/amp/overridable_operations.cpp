#include "host/engine/amp/overridable_operations.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string_view>

#include "host/experiment/diagnostics/diagnostic.h"
#include "host/experiment/diagnostics/nearest.h"

namespace binade::host {
namespace {

constexpr std::string_view ns = "aten::";

bool is_tensor(const c10::TypePtr& type) {
  if (const auto list = type->cast<c10::ListType>()) return is_tensor(list->getElementType());
  if (const auto optional = type->cast<c10::OptionalType>()) return is_tensor(optional->getElementType());
  return type->kind() == c10::TypeKind::TensorType;
}

bool has_tensor(const std::vector<c10::Argument>& arguments) {
  return std::any_of(arguments.begin(), arguments.end(), [](const auto& a) { return is_tensor(a.type()); });
}

bool aliases(const std::vector<c10::Argument>& arguments) {
  return std::any_of(arguments.begin(), arguments.end(), [](const auto& a) { return a.alias_info() != nullptr; });
}

bool writes(const c10::FunctionSchema& schema) {
  return std::any_of(schema.arguments().begin(), schema.arguments().end(),
                     [](const auto& a) { return a.alias_info() != nullptr && a.alias_info()->isWrite(); });
}

bool computes_tensors(const c10::FunctionSchema& schema) {
  return has_tensor(schema.arguments()) && has_tensor(schema.returns()) && !aliases(schema.arguments()) &&
         !aliases(schema.returns());
}

std::string_view base_name(const c10::OperatorHandle& op) {
  return std::string_view(op.operator_name().name).substr(ns.size());
}

bool keeps_dtype(std::string_view name) {
  constexpr std::string_view suffixes[] = {"_backward", "_copy", "_like"};
  constexpr std::string_view prefixes[] = {"new_", "unsafe_", "to_", "resize", "sparse_", "quantize", "fbgemm_"};
  constexpr std::string_view names[] = {"clone", "copy", "data", "lift", "set", "type_as", "dequantize"};
  return std::any_of(std::begin(suffixes), std::end(suffixes), [&](auto part) { return name.ends_with(part); }) ||
         std::any_of(std::begin(prefixes), std::end(prefixes), [&](auto part) { return name.starts_with(part); }) ||
         std::find(std::begin(names), std::end(names), name) != std::end(names);
}

bool works_on_integers(std::string_view name) {
  constexpr std::string_view names[] = {"gcd", "lcm", "bincount", "one_hot"};
  return name.starts_with("bitwise_") || (name.starts_with("__") && name.ends_with("__")) ||
         std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::vector<c10::OperatorHandle> aten_operators() {
  auto& dispatcher = c10::Dispatcher::singleton();
  std::vector<c10::OperatorHandle> operators;
  for (const auto& name : dispatcher.getAllOpNames()) {
    if (!std::string_view(name.name).starts_with(ns)) continue;
    if (const auto op = dispatcher.findSchema(name)) operators.push_back(*op);
  }
  return operators;
}

// Why the precision of these overloads of one operation cannot be chosen.
std::string_view obstacle(const std::vector<c10::OperatorHandle>& operators) {
  const auto all = [&](auto condition) {
    return std::all_of(operators.begin(), operators.end(), [&](const auto& op) { return condition(op.schema()); });
  };
  if (all(writes)) return "writes into an existing tensor, and so in that tensor's precision";
  if (all([](const auto& schema) { return writes(schema) || !has_tensor(schema.arguments()); }))
    return "takes no tensor";
  if (all([](const auto& schema) { return !has_tensor(schema.returns()); })) return "returns no tensor";
  return "computes nothing: it returns a view of its input";
}

}  // namespace

std::vector<c10::OperatorHandle> operators_of_parameters(c10::DispatchKey autocast_key) {
  auto operators = aten_operators();
  std::erase_if(operators, [&](const auto& op) {
    const auto name = base_name(op);
    const bool internal = name.starts_with("_") && !op.hasKernelForDispatchKey(autocast_key);
    return internal || keeps_dtype(name) || works_on_integers(name) || !computes_tensors(op.schema());
  });
  return operators;
}

std::vector<c10::OperatorHandle> operators_named(const std::string& name, const std::string& key) {
  std::vector<c10::OperatorHandle> overloads;
  std::set<std::string> names;
  for (const auto& op : aten_operators()) {
    if (base_name(op) == name) overloads.push_back(op);
    if (computes_tensors(op.schema())) names.emplace(base_name(op));
  }
  if (overloads.empty()) {
    const auto close = nearest(name, {names.begin(), names.end()});
    throw std::runtime_error(fmt::format("{}: LibTorch has no operation `{}`{}", key, name,
                                         close.empty() ? "" : fmt::format(" (did you mean `{}`?)", close)));
  }
  const auto all = overloads;
  std::erase_if(overloads, [](const auto& op) { return !computes_tensors(op.schema()); });
  const auto why = works_on_integers(name) ? "works on integers" : overloads.empty() ? obstacle(all) : "";
  if (!why.empty()) throw std::runtime_error(fmt::format("{}: `{}` {}; it has no precision to choose", key, name, why));
  return overloads;
}

}  // namespace binade::host
