#include "host/experiment/schema/plugin_sections.h"

#include <fmt/format.h>

#include <algorithm>

#include "host/experiment/diagnostics/nearest.h"
#include "host/experiment/schema/sections.h"

namespace binade::host {
namespace {

constexpr PluginKind all_kinds[] = {PluginKind::model, PluginKind::dataset, PluginKind::precision, PluginKind::logger};

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> names_of(const std::vector<OptionSpec>& specs) {
  std::vector<std::string> names;
  names.reserve(specs.size());
  for (const auto& spec : specs) names.push_back(spec.name);
  return names;
}

}  // namespace

std::vector<std::string> section_names() {
  std::vector<std::string> names = {"dataset", "logger", "model", "precision"};
  for (const auto& section : host_sections()) names.push_back(section.name);
  std::sort(names.begin(), names.end());
  return names;
}

PluginSections::PluginSections(std::string source, std::filesystem::path folder, const ManifestSource& plugins,
                               Diagnostics& diagnostics)
    : source_(std::move(source)), folder_(std::move(folder)), plugins_(plugins), diagnostics_(diagnostics) {}

PluginSection PluginSections::required(const Node& root, const std::string& name, PluginKind kind) const {
  const Member* member = root.find(name);
  if (member != nullptr && member->value.kind == Node::Kind::table) return check(member->value, name, kind);
  Diagnostic diagnostic;
  diagnostic.notes = {fmt::format("write [{}] on a line of its own, and below it plugin = \"...\"", name),
                      available(kind)};
  if (member == nullptr) {
    diagnostic.code = "E0105";
    diagnostic.message = fmt::format("the section [{}] is missing", name);
    diagnostic.where.source = source_;
  } else {
    diagnostic.code = "E0115";
    diagnostic.message = fmt::format("`{}` must be a table, got {}", name, member->value.described());
    diagnostic.where = member->where;
  }
  diagnostics_.add(std::move(diagnostic));
  return {};
}

PluginSection PluginSections::dataset(const Node& root) const {
  const auto defaults = root.find("dataset") == nullptr ? default_datasets() : std::vector<std::string>{};
  if (defaults.empty()) return required(root, "dataset", PluginKind::dataset);
  if (defaults.size() > 1) {
    Location file;
    file.source = source_;
    diagnostics_.add({"E0114",
                      "[dataset] is missing, and several datasets are the default for it",
                      file,
                      "",
                      {fmt::format("manifests that say `default = true`: {}", listed(defaults)),
                       "remove all but one of them, or write [dataset] with plugin = \"...\""}});
    return {};
  }
  return standing_in("dataset", PluginKind::dataset, defaults.front());
}

PluginSection PluginSections::precision(const Node& root, const std::string& stand_in) const {
  if (root.find("precision") != nullptr || stand_in.empty()) return required(root, "precision", PluginKind::precision);
  return standing_in("precision", PluginKind::precision, stand_in);
}

PluginSection PluginSections::standing_in(const std::string& name, PluginKind kind, const std::string& id) const {
  Node table, plugin;
  table.where.source = plugin.where.source = source_;
  plugin.kind = Node::Kind::scalar;
  plugin.scalar = id;
  table.members.push_back({"plugin", plugin.where, plugin});
  auto section = check(table, name, kind);
  section.is_default = true;
  section.chosen.find("plugin")->origin = Origin::default_;
  return section;
}

std::vector<std::string> PluginSections::default_datasets() const {
  std::vector<std::string> defaults;
  Diagnostics ignored;  // of refused plugins, which the experiment does not name
  for (const auto& id : plugins_.ids(PluginKind::dataset)) {
    const auto* manifest = plugins_.find(PluginKind::dataset, id, "", {}, ignored);
    if (manifest != nullptr && manifest->is_default) defaults.push_back(id);
  }
  return defaults;
}

std::vector<PluginSection> PluginSections::loggers(const Node& root) const {
  std::vector<PluginSection> sections;
  const Member* member = root.find("logger");
  if (member == nullptr) return sections;
  for (const Node& table : tables_of(*member, "logger", diagnostics_)) {
    sections.push_back(check(table, fmt::format("logger.{}", sections.size()), PluginKind::logger));
  }
  return sections;
}

PluginSection PluginSections::check(const Node& table, const std::string& name, PluginKind kind) const {
  PluginSection section;
  section.section = name;
  const auto& reserved = reserved_options(kind);
  const auto reserved_names = names_of(reserved);
  // First the host's own keys, which name the manifest with the others.
  CheckedSection checked{name, folder_, {}, {}};
  for (const Member& member : table.members) {
    if (!contains(reserved_names, member.key)) checked.also.push_back(member.key);
  }
  const auto host_keys = check_table(table, checked, pointers(reserved), diagnostics_);
  if (!host_keys.has("plugin")) return section;
  section.plugin = host_keys.string("plugin");
  section.where = host_keys.find("plugin")->where;
  if (host_keys.has("library")) section.library = host_keys.string("library");
  for (const auto& option : host_keys.options()) {
    const bool choice = option.spec->name == "plugin" || option.spec->name == "library";
    (choice ? section.chosen : section.reserved).add(option);
  }
  if (table.find("library") != nullptr && section.library.empty()) return section;  // already reported as wrong
  if (section.automatic()) {
    checked.also = reserved_names;
    section.options = check_table(table, checked, {}, diagnostics_);
    return section;
  }
  if (const Manifest* manifest = find_manifest(section, kind)) {
    section.inputs = manifest->inputs;
    checked.also = reserved_names;
    section.options = check_table(table, checked, pointers(manifest->options), diagnostics_);
  }
  return section;
}

const Manifest* PluginSections::find_manifest(const PluginSection& section, PluginKind kind) const {
  const auto before = diagnostics_.all().size();
  const auto* manifest = plugins_.find(kind, section.plugin, section.library, section.where, diagnostics_);
  if (manifest != nullptr || diagnostics_.all().size() != before) return manifest;
  for (const PluginKind other : all_kinds) {
    if (other == kind || !contains(plugins_.ids(other), section.plugin)) continue;
    diagnostics_.add({"E0109",
                      fmt::format("`{}` is a {} plugin, but {} needs a {} plugin", section.plugin, to_string(other),
                                  heading(section.section), to_string(kind)),
                      section.where,
                      "",
                      {available(kind)}});
    return nullptr;
  }
  const auto close = nearest(section.plugin, offered(kind));
  diagnostics_.add({"E0108",
                    fmt::format("there is no {} plugin `{}`", to_string(kind), section.plugin),
                    section.where,
                    close.empty() ? "" : fmt::format("did you mean \"{}\"?", close),
                    {available(kind)}});
  return nullptr;
}

std::vector<std::string> PluginSections::offered(PluginKind kind) const {
  auto ids = plugins_.ids(kind);
  if (kind == PluginKind::precision && !ids.empty()) ids.emplace_back(automatic_precision);
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::string PluginSections::available(PluginKind kind) const {
  const auto ids = offered(kind);
  if (ids.empty()) return fmt::format("no {} plugin was found: see `binade plugins list`", to_string(kind));
  return fmt::format("{} plugins: {}", to_string(kind), listed(ids));
}

}  // namespace binade::host
