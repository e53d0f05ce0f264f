#include "host/experiment/resolved.h"

#include <fmt/format.h>

#include "binade/printable.h"
#include "host/experiment/schema/table_validation.h"
#include "host/experiment/toml/toml_text.h"

namespace binade::host {
namespace {

// Relative to the experiment's folder, so that it is the same on every machine.
std::string place(const Location& where, const Experiment& experiment) {
  const auto file = std::filesystem::absolute(where.source).lexically_normal();
  const auto shown = file.lexically_proximate(experiment.file.parent_path()).string();
  return fmt::format("{}:{}{}", shown, where.line, file == experiment.file ? "" : ", included");
}

// "model" of "model.vocab_size"
std::string giver(const OptionSpec& spec) { return spec.default_from->substr(0, spec.default_from->find('.')); }

std::string lines(const OptionTable& table, const Experiment& experiment) {
  std::string out;
  for (const Option& option : table.options()) {
    const auto& spec = *option.spec;
    const auto name = spec.table ? fmt::format("{}.{}", spec.name, toml_key(option.key)) : spec.name;
    if (spec.table || table.has(name)) {
      const auto value = spec.array ? toml_array(option.values) : toml_scalar(option.values.front());
      out += fmt::format("{} = {}  # {}\n", name, value, printable(origin_text(option, experiment)));
    } else if (option.origin == Origin::wired) {
      out += fmt::format("# {} is taken from the {} at run\n", name, giver(spec));
    }
  }
  return out;
}

}  // namespace

std::string origin_text(const Option& option, const Experiment& experiment) {
  const auto variables = option.environment.empty() ? "" : fmt::format(", environment: {}", option.environment);
  switch (option.origin) {
    case Origin::file:
      return place(option.where, experiment) + variables;
    case Origin::override_:
      return option.where.source + variables;
    case Origin::default_:
      return "default";
    case Origin::wired:
      return "from " + *option.spec->default_from;
    case Origin::absent:
      break;
  }
  return "";
}

std::vector<ResolvedSection> resolved_sections(const Experiment& e) {
  const auto plugin = [](const PluginSection& section) {
    return ResolvedSection{section.section, {&section.chosen, &section.reserved, &section.options}};
  };
  std::vector<ResolvedSection> sections = {{"experiment", {&e.tables.experiment}},
                                           plugin(e.model),
                                           plugin(e.dataset),
                                           {"split", {&e.tables.split}},
                                           {"task", {&e.tables.task}},
                                           plugin(e.precision),
                                           {"optimizer", {&e.tables.optimizer}}};
  for (std::size_t i = 0; i < e.tables.parameter_groups.size(); ++i) {
    sections.push_back({fmt::format("optimizer.group.{}", i), {&e.tables.parameter_groups[i]}});
  }
  sections.push_back({"schedule", {&e.tables.schedule}});
  sections.push_back({"train", {&e.tables.train}});
  sections.push_back({"checkpoint", {&e.tables.checkpoint}});
  sections.push_back({"watchdog", {&e.tables.watchdog}});
  for (const auto& logger : e.loggers) sections.push_back(plugin(logger));
  sections.push_back({"metrics", {&e.tables.metrics}});
  return sections;
}

std::string to_toml(const Experiment& experiment) {
  std::string out = fmt::format("# Resolved from {}\n", printable(experiment.file.string()));
  for (const auto& section : resolved_sections(experiment)) {
    out += fmt::format("\n{}\n", heading(section.name));
    for (const auto* table : section.tables) out += lines(*table, experiment);
  }
  return out;
}

}  // namespace binade::host
