#include "host/experiment/schema/table_validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "host/experiment/diagnostics/nearest.h"
#include "host/experiment/schema/value_validation.h"
#include "host/experiment/toml/environment_placeholders.h"
#include "host/experiment/toml/toml_text.h"

namespace binade::host {
namespace {

// Paths on the command line are relative to the current folder, as shells complete them.
std::filesystem::path folder_of(const Location& where) {
  if (where.source.starts_with("--set ")) return std::filesystem::current_path();
  return std::filesystem::absolute(where.source).parent_path();
}

void make_absolute(Scalar& value, const std::filesystem::path& folder) {
  auto& text = std::get<std::string>(value);
  if (!text.empty()) text = (folder / home_expanded(text)).lexically_normal().string();
}

class TableCheck {
 public:
  TableCheck(const CheckedSection& section, const Specs& specs, Diagnostics& diagnostics)
      : section_(section), specs_(specs), diagnostics_(diagnostics) {}

  OptionTable run(const Node& table) {
    walk(table, "");
    OptionTable checked;
    for (const OptionSpec* spec : specs_) {
      if (spec->table) {
        for (auto& entry : entries_[spec]) checked.add(std::move(entry));
        continue;
      }
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

  // The valid keys at `prefix`: what follows it up to the next dot.
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
        if (spec->table) {
          take_entries(*spec, member.value);
        } else {
          given_[spec] = taken(*spec, member.value, called(spec->name));
        }
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

  void take_entries(const OptionSpec& spec, const Node& table) {
    const auto name = called(spec.name);
    if (table.kind != Node::Kind::table) {
      diagnostics_.add(
          {"E0115", fmt::format("`{}` must be a table, got {}", name, table.described()), table.where, "", {}});
      return;
    }
    for (const Member& member : table.members) {
      const auto entry = fmt::format("{}.{}", name, toml_key(member.key));
      if (member.key.empty()) {
        diagnostics_.add({"E0118", fmt::format("`{}` has an empty key", name), member.where, "", {}});
      } else if (member.value.kind == Node::Kind::table) {
        diagnostics_.add({"E0115",
                          fmt::format("`{}` must be {}, got a table", entry, wanted(spec)),
                          member.where,
                          "",
                          {fmt::format("a name with dots needs quotes: {}.\"...\"", spec.name)}});
      } else {
        auto option = taken(spec, member.value, entry);
        option.key = member.key;
        entries_[&spec].push_back(std::move(option));
      }
    }
  }

  Option taken(const OptionSpec& spec, Node value, const std::string& name) const {
    std::string variables;
    const bool expanded = !section_.environment || expand_environment(value, name, spec, variables, diagnostics_);
    auto values = expanded ? check_value(value, name, spec, diagnostics_) : std::nullopt;
    const bool from_override = value.where.source.starts_with("--set ");
    // A wrong scalar counts as given, so that no message asks for it; a wrong array would look given and empty.
    const auto origin = !values && spec.array ? Origin::absent : from_override ? Origin::override_ : Origin::file;
    if (values && spec.type == OptionType::path) {
      for (std::size_t i = 0; i < values->size(); ++i) {
        make_absolute((*values)[i], folder_of(spec.array ? value.elements[i].where : value.where));
      }
    }
    return {&spec, values.value_or(std::vector<Scalar>{}), origin, value.where, std::move(variables)};
  }

  Option missing(const OptionSpec& spec, const Node& table) const {
    if (spec.default_from) return {&spec, {}, Origin::wired, table.where};
    if (spec.default_value) {
      auto values = *spec.default_value;
      if (spec.type == OptionType::path) {
        for (Scalar& value : values) make_absolute(value, section_.folder);
      }
      return {&spec, std::move(values), Origin::default_, table.where};
    }
    if (!spec.optional && !section_.partial) {
      std::vector<std::string> notes{
          fmt::format("add `{} = ...` to {}: {}", spec.name, heading(section_.name), wanted(spec))};
      if (!spec.help.empty()) notes.push_back(spec.name + ": " + spec.help);
      diagnostics_.add({"E0106", fmt::format("`{}` is missing", called(spec.name)), table.where, "", std::move(notes)});
    }
    return {&spec, {}, Origin::absent, table.where};
  }

  const CheckedSection& section_;
  const Specs& specs_;
  Diagnostics& diagnostics_;
  std::map<const OptionSpec*, Option> given_;
  std::map<const OptionSpec*, std::vector<Option>> entries_;
};

}  // namespace

const std::vector<Node>& tables_of(const Member& member, const std::string& name, Diagnostics& diagnostics) {
  static const std::vector<Node> none;
  const Node& array = member.value;
  const bool tables =
      array.kind == Node::Kind::array && std::all_of(array.elements.begin(), array.elements.end(),
                                                     [](const Node& n) { return n.kind == Node::Kind::table; });
  if (tables) return array.elements;
  diagnostics.add({"E0115",
                   fmt::format("`{}` must be an array of tables, got {}", name, array.described()),
                   array.kind == Node::Kind::table ? array.where : member.where,
                   fmt::format("write [[{}]]", name),
                   {fmt::format("there can be several, so each begins with [[{}]]", name)}});
  return none;
}

std::filesystem::path home_expanded(const std::string& text) {
  const char* home = std::getenv("HOME");
  if (home == nullptr || (text != "~" && !text.starts_with("~/"))) return text;
  return std::filesystem::path(home) / std::filesystem::path(text.substr(std::min<std::size_t>(2, text.size())));
}

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

Specs pointers(const std::vector<OptionSpec>& specs) {
  Specs out;
  out.reserve(specs.size());
  for (const auto& spec : specs) out.push_back(&spec);
  return out;
}

}  // namespace binade::host
