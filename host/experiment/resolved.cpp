// The resolved experiment as TOML.
#include <fmt/format.h>

#include "host/experiment/experiment.h"
#include "host/experiment/toml_text.h"

namespace binade::host {
namespace {

std::string origin_comment(const Option& option) {
  switch (option.origin) {
    case Origin::file:
      return fmt::format("{}:{}", std::filesystem::path(option.where.source).filename().string(), option.where.line);
    case Origin::override_:
      return option.where.source;
    case Origin::default_:
      return "default";
    case Origin::wired:
      return "from the dataset";
    case Origin::absent:
      break;
  }
  return "";
}

std::string line(const std::string& key, const std::string& value, const std::string& comment) {
  return fmt::format("{} = {}  # {}\n", key, value, printable(comment));
}

std::string lines(const OptionTable& table) {
  std::string out;
  for (const Option& option : table.options()) {
    const auto& name = option.spec->name;
    if (table.has(name)) {
      const auto value = option.spec->array ? toml_array(option.values) : toml_scalar(option.values.front());
      out += line(name, value, origin_comment(option));
    } else if (option.origin == Origin::wired) {
      out += fmt::format("# {} is taken from the dataset at run\n", name);
    }
  }
  return out;
}

std::string host_section(const std::string& name, const OptionTable& table) {
  return fmt::format("\n[{}]\n{}", name, lines(table));
}

std::string plugin_section(const std::string& header, const PluginSection& section) {
  auto out = fmt::format("\n{}\nplugin = {}\n", header, toml_string(section.plugin));
  if (!section.library.empty()) out += fmt::format("library = {}\n", toml_string(section.library));
  return out + lines(section.reserved) + lines(section.options);
}

}  // namespace

std::string to_toml(const Experiment& experiment) {
  std::string out = fmt::format("# Resolved from {}\n", printable(experiment.file.string()));
  out += host_section("experiment", experiment.experiment);
  out += plugin_section("[model]", experiment.model);
  out += plugin_section("[dataset]", experiment.dataset);
  out += host_section("task", experiment.task);
  out += plugin_section("[precision]", experiment.precision);
  out += host_section("optimizer", experiment.optimizer);
  for (const auto& group : experiment.parameter_groups) out += "\n[[optimizer.group]]\n" + lines(group);
  out += host_section("schedule", experiment.schedule);
  out += host_section("train", experiment.train);
  for (const auto& logger : experiment.loggers) out += plugin_section("[[logger]]", logger);
  out += host_section("metrics", experiment.metrics);
  return out;
}

}  // namespace binade::host
