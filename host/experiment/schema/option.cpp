#include "host/experiment/schema/option.h"

#include <algorithm>
#include <stdexcept>

namespace binade::host {
namespace {

[[noreturn]] void misuse(std::string_view name, std::string_view what) {
  throw std::logic_error("option `" + std::string(name) + "` " + std::string(what));
}

template <class T>
const T& scalar(const Option& option) {
  if (option.spec->array) misuse(option.spec->name, "is an array");
  if (option.values.empty()) misuse(option.spec->name, "has no value");
  const auto* value = std::get_if<T>(&option.values.front());
  if (value == nullptr) misuse(option.spec->name, "has another type");
  return *value;
}

}  // namespace

const Option* OptionTable::find(std::string_view name) const {
  const auto found =
      std::find_if(options_.begin(), options_.end(), [&](const Option& o) { return o.spec->name == name; });
  return found == options_.end() ? nullptr : &*found;
}

Option* OptionTable::find(std::string_view name) {
  return const_cast<Option*>(static_cast<const OptionTable*>(this)->find(name));
}

const Option& OptionTable::get(std::string_view name) const {
  const Option* option = find(name);
  if (option == nullptr) misuse(name, "is not declared");
  return *option;
}

bool OptionTable::has(std::string_view name) const {
  const Option* option = find(name);
  if (option == nullptr) return false;
  // A given array may be empty; an array that still waits for its value is not given.
  const bool given = option->origin != Origin::absent && option->origin != Origin::wired;
  return !option->values.empty() || (option->spec->array && given);
}

bool OptionTable::boolean(std::string_view name) const { return scalar<bool>(get(name)); }
std::int64_t OptionTable::integer(std::string_view name) const { return scalar<std::int64_t>(get(name)); }
double OptionTable::number(std::string_view name) const { return scalar<double>(get(name)); }
const std::string& OptionTable::string(std::string_view name) const { return scalar<std::string>(get(name)); }

std::vector<std::string> OptionTable::strings(std::string_view name) const {
  const Option& option = get(name);
  if (!option.spec->array) misuse(name, "is not an array");
  std::vector<std::string> texts;
  texts.reserve(option.values.size());
  for (const Scalar& value : option.values) {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr) misuse(name, "is not an array of strings");
    texts.push_back(*text);
  }
  return texts;
}

std::vector<std::pair<std::string, std::string>> OptionTable::entries(std::string_view name) const {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Option& option : options_) {
    if (option.spec->name == name) out.emplace_back(option.key, scalar<std::string>(option));
  }
  return out;
}

}  // namespace binade::host
