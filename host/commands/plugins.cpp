#include "host/commands/plugins.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "host/cli/command_line.h"
#include "host/cli/exit_codes.h"
#include "host/commands/validate.h"
#include "host/experiment/diagnostics/nearest.h"
#include "host/experiment/toml/toml_text.h"
#include "host/loading/catalog.h"

namespace binade::host {
namespace {

std::string_view type_name(OptionType type) {
  switch (type) {
    case OptionType::boolean:
      return "boolean";
    case OptionType::integer:
      return "integer";
    case OptionType::number:
      return "number";
    case OptionType::string:
      return "string";
    case OptionType::path:
      return "path";
  }
  return "";
}

// "integer, at least 1, default 128"
std::string constraints(const OptionSpec& option) {
  auto text = option.array ? fmt::format("[{}]", type_name(option.type)) : std::string(type_name(option.type));
  if (option.min) text += fmt::format(", at least {:g}", *option.min);
  if (option.max) text += fmt::format(", at most {:g}", *option.max);
  if (!option.choices.empty()) {
    text += ", one of";
    for (const auto& choice : option.choices) text += " " + toml_scalar(choice);
  }
  if (option.default_from) text += ", from " + *option.default_from;
  if (option.default_value) {
    text += option.default_from ? ", else " : ", default ";
    text += option.array ? toml_array(*option.default_value) : toml_scalar(option.default_value->front());
  } else if (!option.default_from) {
    text += option.optional ? ", optional" : ", required";
  }
  if (option.env) text += ", may name environment variables";
  return text;
}

int list(const CommandLine& line) {
  const auto& folders = line.plugin_folders();
  const Catalog catalog(folders);
  const Paint paint(wants_color(line.color(), stdout));
  std::vector<const PluginFile*> files;
  for (const auto& file : catalog.files()) files.push_back(&file);
  std::sort(files.begin(), files.end(), [](const auto* a, const auto* b) {
    return std::pair(a->manifest.kind, a->manifest.id) < std::pair(b->manifest.kind, b->manifest.id);
  });
  for (const auto* file : files) {
    const auto& manifest = file->manifest;
    show("{:<10} {:<14} {:<8} {}\n", to_string(manifest.kind), paint.bold(fmt::format("{:<14}", manifest.id)),
         manifest.version, manifest.summary);
  }
  for (const auto& refused : catalog.refused()) {
    show(stderr, "{}: {}\n", paint.red(fmt::format("refused[{}]", refused.code)),
         Lines{shown_message(refused.message)});
  }
  if (files.empty()) {
    show("no plugins found; searched:\n");
    for (const auto& folder : folders) show("  {}\n", folder.string());
  }
  return catalog.refused().empty() ? exit_ok : exit_plugin_refused;
}

void describe(const PluginFile& file, const Paint& paint) {
  const auto& manifest = file.manifest;
  show("{} {}: {} {}\n  {}\n", paint.bold(manifest.id), manifest.version, manifest.summary,
       paint.dim(fmt::format("({})", to_string(manifest.kind))), paint.dim(file.path.string()));
  if (manifest.is_default) show("  the default of an experiment without [dataset]\n");
  if (!manifest.inputs.empty()) show("  inputs: {}\n", fmt::format("{}", fmt::join(manifest.inputs, ", ")));
  for (const auto& option : manifest.options) {
    show("\n  {} {}\n", paint.bold(option.name), paint.dim(constraints(option)));
    if (!option.help.empty()) show("      {}\n", option.help);
  }
  for (const auto& metric : manifest.metrics) {
    std::vector<std::string> labels;
    for (const auto& label : metric.labels) {
      labels.push_back(fmt::format(", {}: {}", label.name, fmt::join(label.values, " ")));
    }
    show("\n  metric {} {}\n      {}\n", paint.bold(metric.name),
         paint.dim(fmt::format("{}{}", to_string(metric.type), fmt::join(labels, ""))), metric.help);
  }
}

int describe(const std::string& id, const CommandLine& line) {
  const Paint paint(wants_color(line.color(), stdout));
  if (id.ends_with(".so")) {
    describe(read_plugin_file(id), paint);
    return exit_ok;
  }
  const Catalog catalog(line.plugin_folders());
  std::vector<std::string> ids;
  bool found = false;
  for (const auto& file : catalog.files()) {
    ids.push_back(file.manifest.id);
    if (file.manifest.id != id) continue;
    if (found) show("\n");
    describe(file, paint);
    found = true;
  }
  if (found) return exit_ok;
  for (const auto& refused : catalog.refused()) {
    if (refused.id == id) throw PluginRefused(refused.code, refused.message);
  }
  const auto meant = nearest(id, ids);
  show(stderr, "{}: there is no plugin `{}`{}\n\nsee `binade plugins list`\n",
       Paint(wants_color(line.color(), stderr)).red("error"), id,
       meant.empty() ? "" : fmt::format("; did you mean `{}`?", meant));
  return exit_usage;
}

}  // namespace

void add_plugins(CommandLine& line) {
  auto& plugins = line.verb("plugins", "List, describe and validate plugins",
                            "  binade plugins list\n  binade plugins describe my_net", nullptr);
  line.verb(plugins, "list", "List all plugins by kind", "  binade plugins list", [&line] { return list(line); });
  const auto id = std::make_shared<std::string>();
  auto& verb = line.verb(plugins, "describe", "Show a plugin's options, ranges and defaults",
                         "  binade plugins describe my_net\n  binade plugins describe build/my_net.so",
                         [id, &line] { return describe(*id, line); });
  verb.argument("ID", *id, "The plugin's id, or its file");
  add_validate(line, plugins);
}

}  // namespace binade::host
