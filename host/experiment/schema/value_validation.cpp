#include "host/experiment/schema/value_validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "host/experiment/diagnostics/nearest.h"
#include "host/experiment/schema/table_validation.h"
#include "host/experiment/toml/toml_text.h"

namespace binade::host {
namespace {

constexpr std::string_view type_words[][2] = {{"a boolean (true or false)", "booleans"},
                                              {"an integer", "integers"},
                                              {"a number", "numbers"},
                                              {"a string", "strings"},
                                              {"a string with a path", "paths"}};

// Returns the scalar in the option's type; converts an integer for a number.
std::optional<Scalar> typed(const Scalar& value, OptionType type) {
  switch (type) {
    case OptionType::boolean:
      return std::holds_alternative<bool>(value) ? std::optional(value) : std::nullopt;
    case OptionType::integer:
      return std::holds_alternative<std::int64_t>(value) ? std::optional(value) : std::nullopt;
    case OptionType::number:
      if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
      return std::holds_alternative<double>(value) ? std::optional(value) : std::nullopt;
    case OptionType::string:
    case OptionType::path:
      break;
  }
  return std::holds_alternative<std::string>(value) ? std::optional(value) : std::nullopt;
}

// Suggests what to write instead, if that is clear.
std::string remedy(const Node& value, const OptionSpec& spec) {
  if (spec.array && value.kind == Node::Kind::scalar && typed(value.scalar, spec.type)) {
    return fmt::format("write [{}]", toml_scalar(value.scalar));
  }
  if (spec.array || value.kind != Node::Kind::scalar) return {};
  if (spec.type == OptionType::string || spec.type == OptionType::path) {
    return fmt::format("write {}", toml_string(toml_scalar(value.scalar)));
  }
  if (const auto* number = std::get_if<double>(&value.scalar)) {
    const bool whole = std::floor(*number) == *number && std::abs(*number) < 1e15;
    return spec.type == OptionType::integer && whole ? fmt::format("write {:.0f}", *number) : "";
  }
  const auto* text = std::get_if<std::string>(&value.scalar);
  if (text == nullptr) return {};
  if (spec.type == OptionType::boolean) return *text == "true" || *text == "false" ? "write it without quotes" : "";
  char* end = nullptr;
  const double number = std::strtod(text->c_str(), &end);
  const bool all = !text->empty() && end == text->c_str() + text->size();
  const bool fits = spec.type == OptionType::number || std::floor(number) == number;
  return all && fits ? "write it without quotes" : "";
}

std::string shown(double bound, const OptionSpec& spec) {
  return spec.type == OptionType::integer ? fmt::format("{:.0f}", bound) : fmt::format("{}", bound);
}

std::string range(const OptionSpec& spec) {
  if (spec.min && spec.max) return fmt::format("in {}..={}", shown(*spec.min, spec), shown(*spec.max, spec));
  return spec.min ? fmt::format("at least {}", shown(*spec.min, spec))
                  : fmt::format("at most {}", shown(*spec.max, spec));
}

void add_wrong_type(const Node& value, const std::string& name, const OptionSpec& spec, Diagnostics& diagnostics) {
  const auto message = fmt::format("`{}` must be {}, got {}", name, wanted(spec), value.described());
  diagnostics.add({"E0115", message, value.where, remedy(value, spec), {}});
}

std::optional<Scalar> check_scalar(const Node& value, const std::string& name, const OptionSpec& spec,
                                   Diagnostics& diagnostics) {
  if (value.kind != Node::Kind::scalar) return std::nullopt;
  auto scalar = typed(value.scalar, spec.type);
  if (!scalar && spec.also) return typed(value.scalar, *spec.also);
  if (scalar && !check_limits(*scalar, name, spec, value.where, diagnostics)) return std::nullopt;
  return scalar;
}

// Returns nullptr if it can be a path. The system would read a path only up to a zero byte, which may name another
// file.
const char* why_no_path(const std::string& text) {
  if (text.empty()) return "is empty";
  return text.find('\0') == std::string::npos ? nullptr : "contains the character U+0000";
}

}  // namespace

std::string wanted(const OptionSpec& spec) {
  const auto& words = type_words[static_cast<int>(spec.type)];
  if (spec.array) return fmt::format("an array of {}", words[1]);
  return spec.also ? fmt::format("{} or {}", words[0], type_words[static_cast<int>(*spec.also)][0]) : words[0].data();
}

std::optional<std::vector<Scalar>> check_value(const Node& value, const std::string& name, const OptionSpec& spec,
                                               Diagnostics& diagnostics) {
  const auto before = diagnostics.all().size();
  std::vector<Scalar> values;
  if (!spec.array) {
    if (auto scalar = check_scalar(value, name, spec, diagnostics)) return std::vector<Scalar>{std::move(*scalar)};
    if (diagnostics.all().size() == before) add_wrong_type(value, name, spec, diagnostics);
    return std::nullopt;
  }
  if (value.kind != Node::Kind::array) {
    add_wrong_type(value, name, spec, diagnostics);
    return std::nullopt;
  }
  OptionSpec element = spec;
  element.array = false;
  for (std::size_t i = 0; i < value.elements.size(); ++i) {
    auto one = check_value(value.elements[i], fmt::format("{}[{}]", name, i), element, diagnostics);
    if (one) values.push_back(std::move(one->front()));
  }
  if (diagnostics.all().size() != before) return std::nullopt;
  return values;
}

bool check_limits(const Scalar& value, const std::string& name, const OptionSpec& spec, const Location& where,
                  Diagnostics& diagnostics) {
  std::optional<double> number;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) number = static_cast<double>(*integer);
  if (const auto* real = std::get_if<double>(&value)) number = *real;
  if (number && !std::isfinite(*number)) {
    diagnostics.add(
        {"E0117", fmt::format("`{}` must be a finite number, got {}", name, toml_scalar(value)), where, "", {}});
    return false;
  }
  const bool too_small = number && spec.min && *number < *spec.min;
  const bool too_large = number && spec.max && *number > *spec.max;
  if (too_small || too_large) {
    diagnostics.add(
        {"E0117", fmt::format("`{}` must be {}, got {}", name, range(spec), toml_scalar(value)), where, "", {}});
    return false;
  }
  if (const char* reason = spec.type == OptionType::path ? why_no_path(std::get<std::string>(value)) : nullptr) {
    diagnostics.add({"E0118", fmt::format("`{}` must be a path, but it {}", name, reason), where, "", {}});
    return false;
  }
  if (spec.choices.empty() || std::count(spec.choices.begin(), spec.choices.end(), value) > 0) return true;
  std::vector<std::string> names, quoted;
  for (const Scalar& choice : spec.choices) {
    const auto* text = std::get_if<std::string>(&choice);
    names.push_back(text != nullptr ? *text : toml_scalar(choice));
    quoted.push_back(toml_scalar(choice));
  }
  const auto* text = std::get_if<std::string>(&value);
  const auto close = text != nullptr ? nearest(*text, names) : "";
  diagnostics.add({"E0116",
                   fmt::format("`{}` cannot be {}", name, toml_scalar(value)),
                   where,
                   close.empty() ? "" : fmt::format("did you mean \"{}\"?", close),
                   {fmt::format("valid values: {}", listed(quoted))}});
  return false;
}

}  // namespace binade::host
