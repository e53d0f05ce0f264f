#include "host/commands/config.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "host/cli/command_line.h"
#include "host/cli/exit_codes.h"
#include "host/cli/experiment_argument.h"
#include "host/experiment/resolved.h"

namespace binade::host {
namespace {

using OrderedJson = nlohmann::ordered_json;

struct ConfigArguments {
  ExperimentArgument experiment;
  bool json = false;
};

OrderedJson value_of(const Option& option) {
  OrderedJson values = OrderedJson::array();
  for (const auto& value : option.values) {
    std::visit([&](const auto& v) { values.push_back(v); }, value);
  }
  if (option.spec->array) return values;
  return values.empty() ? OrderedJson(nullptr) : values.front();
}

OrderedJson described(const Option& option, const Experiment& experiment) {
  constexpr const char* origins[] = {"file", "override", "default", "wired", "absent"};
  OrderedJson json{{"value", value_of(option)},
                   {"origin", origins[static_cast<std::size_t>(option.origin)]},
                   {"from", origin_text(option, experiment)}};
  if (option.origin == Origin::file) {
    json["source"] = option.where.source;
    json["line"] = option.where.line;
  }
  if (!option.environment.empty()) json["environment"] = option.environment;
  return json;
}

// "train" is a member, "logger.1" an element of an array, "optimizer.group.0" an element of an array in a member.
void place(OrderedJson& sections, const std::string& name, OrderedJson keys) {
  const auto dot = name.rfind('.');
  if (dot == std::string::npos) {
    sections[name] = std::move(keys);
    return;
  }
  const auto array = name.substr(0, dot);
  const auto inner = array.find('.');
  OrderedJson& parent = inner == std::string::npos ? sections : sections[array.substr(0, inner)];
  parent[inner == std::string::npos ? array : array.substr(inner + 1)].push_back(std::move(keys));
}

// {"train": {"steps": {"value": 10, "origin": "file", ...}}, "logger": [{...}]}; a value that is known only
// when a run starts is null.
std::string to_json(const Experiment& experiment) {
  OrderedJson sections = OrderedJson::object();
  for (const auto& section : resolved_sections(experiment)) {
    OrderedJson keys = OrderedJson::object();
    for (const auto* table : section.tables) {
      for (const auto& option : table->options()) {
        if (option.origin == Origin::absent) continue;
        auto& key = option.spec->table ? keys[option.spec->name][option.key] : keys[option.spec->name];
        key = described(option, experiment);
      }
    }
    place(sections, section.name, std::move(keys));
  }
  OrderedJson files = OrderedJson::array();
  for (const auto& file : experiment.files) files.push_back(file.string());
  const OrderedJson json{{"file", experiment.file.string()}, {"files", files}, {"sections", sections}};
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

int config(const ConfigArguments& arguments, const CommandLine& line) {
  const Catalog catalog(line.plugin_folders());
  const auto experiment = arguments.experiment.load(catalog, line.color());
  if (!experiment) return exit_usage;
  show("{}", Lines{arguments.json ? to_json(*experiment) : to_toml(*experiment)});
  return exit_ok;
}

}  // namespace

void add_config(CommandLine& line) {
  const auto arguments = std::make_shared<ConfigArguments>();
  auto& verb = line.verb("config", "Show the resolved experiment and where each value came from",
                         "  binade config experiment.toml --set train.steps=1000\n"
                         "  binade config experiment.toml > resolved.toml\n"
                         "  binade config experiment.toml --json",
                         [arguments, &line] { return config(*arguments, line); });
  arguments->experiment.add_to(verb);
  verb.flag("--json", arguments->json, "Print JSON");
}

}  // namespace binade::host
