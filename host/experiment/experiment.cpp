// Checks a file and its overrides and makes an experiment of them.
#include "host/experiment/experiment.h"

#include <fmt/format.h>

#include <algorithm>

#include "host/experiment/diagnostics/nearest.h"
#include "host/experiment/schema/plugin_sections.h"
#include "host/experiment/schema/section_rules.h"
#include "host/experiment/schema/sections.h"
#include "host/experiment/schema/table_validation.h"
#include "host/experiment/toml/experiment_file.h"
#include "host/experiment/toml/experiment_tree.h"
#include "host/experiment/toml/overrides.h"
#include "host/experiment/toml/toml_text.h"
#include "host/experiment/wiring.h"

namespace binade::host {
namespace {

bool declares(const Specs& specs, const std::string& name) {
  return std::any_of(specs.begin(), specs.end(), [&](const OptionSpec* s) { return s->name == name; });
}

std::vector<std::string> sections_with(const std::string& key) {
  std::vector<std::string> names;
  for (const auto& section : host_sections()) {
    const bool has = std::any_of(section.variants.begin(), section.variants.end(),
                                 [&](const SectionVariant& v) { return declares(pointers(v.options), key); });
    if (has) names.push_back(section.name);
  }
  return names;
}

void reject_unknown_sections(const Node& root, Diagnostics& diagnostics) {
  const auto names = section_names();
  for (const Member& member : root.members) {
    if (std::find(names.begin(), names.end(), member.key) != names.end()) continue;
    Diagnostic diagnostic{"E0104", fmt::format("unknown section `{}`", member.key), member.where, "", {}};
    if (member.key == "include") {
      diagnostic.code = "E0107";
      diagnostic.message = "`include` works in a file only";
      diagnostic.notes.push_back("write include = [\"base.toml\"] at the top of the experiment");
    } else if (member.value.kind == Node::Kind::scalar) {
      diagnostic.code = "E0103";
      diagnostic.message = fmt::format("the key `{}` is outside of any section", member.key);
      for (const auto& section : sections_with(member.key)) {
        diagnostic.notes.push_back(fmt::format("`{}` is a key of [{}]", member.key, section));
      }
    } else if (const auto close = nearest(member.key, names); !close.empty()) {
      diagnostic.label = fmt::format("did you mean `{}`?", close);
    }
    if (diagnostic.notes.empty()) diagnostic.notes.push_back(fmt::format("valid sections: {}", listed(names)));
    diagnostics.add(std::move(diagnostic));
  }
}

// Checks the host's own sections of one file.
class HostSections {
 public:
  HostSections(std::string source, std::filesystem::path folder, Diagnostics& diagnostics)
      : source_(std::move(source)), folder_(std::move(folder)), diagnostics_(diagnostics) {}

  OptionTable check(const Node& root, const std::string& name) const {
    auto table = table_at(root, name);
    if (name == "train") spell_out_seconds(table);
    CheckedSection checked{name, folder_, {}, {}};
    if (name == "optimizer") checked.also = {"group"};
    const auto& section = host_section(name);
    const Specs specs = variant_of(section, table, checked);
    for (const auto& other : host_sections()) {
      if (other.name == name) continue;
      for (const auto& variant : other.variants)
        note(variant, specs, fmt::format("is a key of [{}]", other.name), checked);
    }
    return check_table(table, checked, specs, diagnostics_);
  }

  std::vector<OptionTable> parameter_groups(const Node& root) const {
    std::vector<OptionTable> groups;
    const Member* optimizer = root.find("optimizer");
    const Member* member = optimizer == nullptr ? nullptr : optimizer->value.find("group");
    if (member == nullptr) return groups;
    const auto specs = pointers(parameter_group_section().variants.front().options);
    for (const Node& element : tables_of(*member, "optimizer.group", diagnostics_)) {
      const CheckedSection checked{fmt::format("optimizer.group.{}", groups.size()), folder_, {}, {}};
      groups.push_back(check_table(element, checked, specs, diagnostics_));
    }
    return groups;
  }

 private:
  // Returns the section's table, or an empty one with the file's location when it is missing or not a table.
  Node table_at(const Node& root, const std::string& name) const {
    Node empty;
    empty.where.source = source_;
    const Member* member = root.find(name);
    if (member == nullptr) return empty;
    if (member->value.kind == Node::Kind::table) return member->value;
    diagnostics_.add({"E0115",
                      fmt::format("`{}` must be a table, got {}", name, member->value.described()),
                      member->where,
                      "",
                      {fmt::format("write [{}] on a line of its own, and its keys below", name)}});
    empty.where = member->where;
    return empty;
  }

  // Turns a max_time that is a number of seconds into a text like the others.
  static void spell_out_seconds(Node& train) {
    Member* time = train.find("max_time");
    if (time == nullptr || time->value.kind != Node::Kind::scalar) return;
    auto& value = time->value.scalar;
    if (const auto* real = std::get_if<double>(&value)) {
      value = fmt::format("{}s", *real);
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      value = fmt::format("{}s", *integer);
    }
  }

  static void note(const SectionVariant& variant, const Specs& specs, const std::string& what,
                   CheckedSection& checked) {
    for (const auto& option : variant.options) {
      if (declares(specs, option.name)) continue;
      checked.elsewhere.emplace(option.name, fmt::format("`{}` {}", option.name, what));
    }
  }

  // Returns the keys of the section's `name`, or those of all its names when it is wrong.
  static Specs variant_of(const SectionSpec& section, const Node& table, CheckedSection& checked) {
    Specs specs = pointers(section.variants.front().options);
    if (section.variants.size() == 1) return specs;
    const Member* name = table.find("name");
    for (const auto& variant : section.variants) {
      if (name != nullptr && name->value.scalar != Scalar(variant.name)) continue;
      specs = pointers(variant.options);
      for (const auto& other : section.variants) {
        note(other, specs, fmt::format("goes with name = \"{}\"", other.name), checked);
      }
      return specs;
    }
    checked.partial = true;
    for (const auto& variant : section.variants) {
      for (const auto& option : variant.options) {
        if (!declares(specs, option.name)) specs.push_back(&option);
      }
    }
    return specs;
  }

  std::string source_;
  std::filesystem::path folder_;
  Diagnostics& diagnostics_;
};

Experiment check_experiment(const Node& root, const std::filesystem::path& file, const std::string& precision,
                            const ManifestSource& plugins, Diagnostics& diagnostics) {
  Experiment e;
  e.file = std::filesystem::absolute(file).lexically_normal();
  const HostSections host(file.string(), e.file.parent_path(), diagnostics);
  const PluginSections plugin(file.string(), e.file.parent_path(), plugins, diagnostics);
  reject_unknown_sections(root, diagnostics);
  e.tables.experiment = host.check(root, "experiment");
  e.model = plugin.required(root, "model", PluginKind::model);
  e.dataset = plugin.dataset(root);
  e.tables.split = host.check(root, "split");
  e.tables.task = host.check(root, "task");
  e.precision = plugin.precision(root, precision);
  e.tables.optimizer = host.check(root, "optimizer");
  e.tables.parameter_groups = host.parameter_groups(root);
  e.tables.schedule = host.check(root, "schedule");
  e.tables.train = host.check(root, "train");
  e.loggers = plugin.loggers(root);
  e.tables.checkpoint = host.check(root, "checkpoint");
  e.tables.watchdog = host.check(root, "watchdog");
  e.tables.metrics = host.check(root, "metrics");
  if (Option* name = e.tables.experiment.find("name"); name->origin == Origin::absent) {
    name->values = {name_from_file(e.file)};
    name->origin = Origin::default_;
  }
  wire_to_stated(e.dataset.options, e.model, diagnostics);
  check_section_rules(e, diagnostics);
  return e;
}

}  // namespace

std::optional<Experiment> load_experiment(const std::filesystem::path& file, const std::vector<std::string>& overrides,
                                          const ManifestSource& plugins, Diagnostics& diagnostics,
                                          const std::string& precision) {
  const auto before = diagnostics.all().size();
  auto tree = read_experiment_tree(file, diagnostics);
  if (!tree) return std::nullopt;
  apply_overrides(tree->root, overrides, diagnostics);
  auto experiment = check_experiment(tree->root, file, precision, plugins, diagnostics);
  experiment.files = std::move(tree->files);
  if (diagnostics.all().size() != before) return std::nullopt;
  bind_settings(experiment);
  return experiment;
}

}  // namespace binade::host
