// Types, ranges, choices, unknown and missing keys.
#include "host/experiment/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>

#include "host/experiment/toml_text.h"

namespace binade::host {
namespace {

constexpr std::string_view type_words[][2] = {{"a boolean (true or false)", "booleans"},
                                              {"an integer", "integers"},
                                              {"a number", "numbers"},
                                              {"a string", "strings"},
                                              {"a string with a path", "paths"}};

std::string wanted(const OptionSpec& spec) {
  const auto& words = type_words[static_cast<int>(spec.type)];
  return spec.array ? fmt::format("an array of {}", words[1]) : std::string(words[0]);
}

// The scalar in the type that the option asks for; an integer will do for a number.
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

// What to write instead, where that is plain.
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
  if (scalar && !check_limits(*scalar, name, spec, value.where, diagnostics)) return std::nullopt;
  return scalar;
}

std::filesystem::path expanded(const std::string& text) {
  const char* home = std::getenv("HOME");
  if (home == nullptr || (text != "~" && !text.starts_with("~/"))) return text;
  return std::filesystem::path(home) / std::filesystem::path(text.substr(std::min<std::size_t>(2, text.size())));
}

class TableCheck {
 public:
  TableCheck(const CheckedSection& section, const Specs& specs, Diagnostics& diagnostics)
      : section_(section), specs_(specs), diagnostics_(diagnostics) {}

  OptionTable run(const Node& table) {
    walk(table, "");
    OptionTable checked;
    for (const OptionSpec* spec : specs_) {
      const auto found = given_.find(spec);
      checked.add(found != given_.end() ? std::move(found->second) : missing(*spec, table));
    }
    return checked;
  }

 private:
  const OptionSpec* spec_named(const std::string& name) const {
    const auto found = std::find_if(specs_.begin(), specs_.end(), [&](auto* spec) { return spec->name == name; });
    return found == specs_.end() ? nullptr : *found;
  }

  std::string called(const std::string& name) const {
    return section_.name.empty() ? name : section_.name + "." + name;
  }

  // The keys that may stand at `prefix`: what follows it up to the next dot.
  std::vector<std::string> keys_at(const std::string& prefix) const {
    std::set<std::string> keys;
    if (prefix.empty()) keys.insert(section_.also.begin(), section_.also.end());
    for (const auto* spec : specs_) {
      if (!spec->name.starts_with(prefix)) continue;
      const auto rest = spec->name.substr(prefix.size());
      keys.insert(rest.substr(0, rest.find('.')));
    }
    return {keys.begin(), keys.end()};
  }

  void walk(const Node& table, const std::string& prefix) {
    for (const Member& member : table.members) {
      const std::string name = prefix + member.key;
      if (std::count(section_.also.begin(), section_.also.end(), name) > 0) continue;
      const bool dotted = member.key.find('.') != std::string::npos;
      if (const OptionSpec* spec = dotted ? nullptr : spec_named(name)) {
        take(*spec, member.value);
      } else if (!dotted && !keys_at(name + ".").empty()) {
        nested(member, name);
      } else {
        unknown(member, prefix);
      }
    }
  }

  void nested(const Member& member, const std::string& name) {
    if (member.value.kind == Node::Kind::table) return walk(member.value, name + ".");
    diagnostics_.add({"E0115",
                      fmt::format("`{}` must be a table, got {}", called(name), member.value.described()),
                      member.value.where,
                      "",
                      {fmt::format("its keys: {}", listed(keys_at(name + ".")))}});
  }

  void unknown(const Member& member, const std::string& prefix) {
    const auto keys = keys_at(prefix);
    auto where_to = heading(section_.name);
    if (!prefix.empty()) where_to = fmt::format("`{}`", called(prefix.substr(0, prefix.size() - 1)));
    const auto close = nearest(member.key, keys);
    std::vector<std::string> notes;
    if (const auto found = section_.elsewhere.find(prefix + member.key); found != section_.elsewhere.end()) {
      notes.push_back(found->second);
    }
    notes.push_back(keys.empty() ? "this table has no keys" : fmt::format("valid keys: {}", listed(keys)));
    diagnostics_.add({"E0103", fmt::format("unknown key `{}` in {}", member.key, where_to), member.where,
                      close.empty() ? "" : fmt::format("did you mean `{}`?", close), std::move(notes)});
  }

  void take(const OptionSpec& spec, const Node& value) {
    auto values = check_value(value, called(spec.name), spec, diagnostics_);
    const bool from_override = value.where.source.starts_with("--set ");
    // A wrong scalar counts as given, so that nobody is told to add it; an array would look given and empty.
    const auto origin = !values && spec.array ? Origin::absent : from_override ? Origin::override_ : Origin::file;
    if (values && spec.type == OptionType::path) make_absolute(*values, from_override);
    given_[&spec] = Option{&spec, values.value_or(std::vector<Scalar>{}), origin, value.where};
  }

  Option missing(const OptionSpec& spec, const Node& table) const {
    if (spec.default_value) {
      auto values = *spec.default_value;
      if (spec.type == OptionType::path) make_absolute(values, false);
      return {&spec, std::move(values), Origin::default_, table.where};
    }
    if (spec.default_from) return {&spec, {}, Origin::wired, table.where};
    if (!spec.optional) {
      std::vector<std::string> notes{
          fmt::format("add `{} = ...` to {}: {}", spec.name, heading(section_.name), wanted(spec))};
      if (!spec.help.empty()) notes.push_back(spec.name + ": " + spec.help);
      diagnostics_.add({"E0106", fmt::format("`{}` is missing", called(spec.name)), table.where, "", std::move(notes)});
    }
    return {&spec, {}, Origin::absent, table.where};
  }

  // A shell completes paths from the current folder, so those on the command line mean that.
  void make_absolute(std::vector<Scalar>& values, bool from_override) const {
    for (Scalar& value : values) {
      auto& text = std::get<std::string>(value);
      if (text.empty()) continue;
      const auto path = expanded(text);
      const auto base = from_override ? std::filesystem::current_path() : section_.folder;
      text = (base / path).lexically_normal().string();
    }
  }

  const CheckedSection& section_;
  const Specs& specs_;
  Diagnostics& diagnostics_;
  std::map<const OptionSpec*, Option> given_;
};

}  // namespace

std::string heading(const std::string& section) {
  if (section.empty()) return "the manifest";
  const auto dot = section.rfind('.');
  const bool numbered = dot != std::string::npos && dot + 1 < section.size() &&
                        section.find_first_not_of("0123456789", dot + 1) == std::string::npos;
  return numbered ? fmt::format("[[{}]]", section.substr(0, dot)) : fmt::format("[{}]", section);
}

std::string listed(const std::vector<std::string>& names) { return fmt::format("{}", fmt::join(names, ", ")); }

OptionTable check_table(const Node& table, const CheckedSection& section, const Specs& specs,
                        Diagnostics& diagnostics) {
  return TableCheck(section, specs, diagnostics).run(table);
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
  if (spec.type == OptionType::path && std::get<std::string>(value).empty()) {
    diagnostics.add({"E0118", fmt::format("`{}` must be a path, and this one is empty", name), where, "", {}});
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

Specs pointers(const std::vector<OptionSpec>& specs) {
  Specs out;
  out.reserve(specs.size());
  for (const auto& spec : specs) out.push_back(&spec);
  return out;
}

}  // namespace binade::host
