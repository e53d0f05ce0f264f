#include "host/experiment/schema/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include "host/experiment/schema/table_validation.h"
#include "host/experiment/schema/value_validation.h"
#include "host/experiment/toml/toml_text.h"

namespace binade::host {
namespace {

constexpr std::array<std::string_view, 5> type_names{"boolean", "integer", "number", "string", "path"};

// Models take values from the dataset, datasets from the model.
std::string_view giver_for(PluginKind kind) {
  return kind == PluginKind::model ? "dataset." : kind == PluginKind::dataset ? "model." : "";
}

std::vector<std::string> kind_names() { return {"dataset", "precision", "logger", "model"}; }

OptionSpec spec(std::string name, OptionType type, bool required = false) {
  OptionSpec out;
  out.name = std::move(name);
  out.type = type;
  out.optional = !required;
  return out;
}

const std::vector<OptionSpec>& head_specs() {
  static const auto specs = [] {
    std::vector<OptionSpec> all = {spec("id", OptionType::string, true),      spec("kind", OptionType::string, true),
                                   spec("version", OptionType::string, true), spec("summary", OptionType::string),
                                   spec("inputs", OptionType::string),        spec("default", OptionType::boolean),
                                   spec("needs_abi", OptionType::string)};
    const auto kinds = kind_names();
    all[1].choices.assign(kinds.begin(), kinds.end());
    all[4].array = true;
    return all;
  }();
  return specs;
}

// `default` and `choices` have the type that the option declares.
const std::vector<OptionSpec>& option_specs() {
  static const auto specs = [] {
    std::vector<OptionSpec> all = {spec("type", OptionType::string, true), spec("default_from", OptionType::string),
                                   spec("optional", OptionType::boolean),  spec("min", OptionType::number),
                                   spec("max", OptionType::number),        spec("help", OptionType::string),
                                   spec("env", OptionType::boolean)};
    for (const auto name : type_names) all[0].choices.emplace_back(std::string(name));
    for (const auto name : type_names) all[0].choices.emplace_back(fmt::format("[{}]", name));
    return all;
  }();
  return specs;
}

bool is_name(std::string_view text, std::string_view first, std::string_view rest) {
  constexpr std::size_t longest = 64;
  return !text.empty() && text.size() <= longest && first.find(text.front()) != std::string_view::npos &&
         text.find_first_not_of(rest) == std::string_view::npos;
}
bool is_option_name(std::string_view text) {
  return is_name(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
                 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
}

class OptionReader {
 public:
  OptionReader(PluginKind kind, Diagnostics& diagnostics) : kind_(kind), diagnostics_(diagnostics) {}

  // `options` of the manifest, or of an option that is a table; `prefix` is "limits." there.
  void read_options(const Node& options, const std::string& path, const std::string& prefix,
                    std::vector<OptionSpec>& out) {
    if (options.kind != Node::Kind::table) {
      return add("E0115", fmt::format("`{}` must be a table, got {}", path, options.described()), options.where,
                 fmt::format("declare each option as [{}.<name>]", path));
    }
    for (const Member& member : options.members) read_option(member, path, prefix, out);
  }

 private:
  void add(const char* code, std::string message, const Location& where, std::string note = "") {
    Diagnostic diagnostic{code, std::move(message), where, "", {}};
    if (!note.empty()) diagnostic.notes.push_back(std::move(note));
    diagnostics_.add(std::move(diagnostic));
  }

  void read_option(const Member& member, const std::string& parent, const std::string& prefix,
                   std::vector<OptionSpec>& out) {
    const auto path = parent + "." + member.key;
    if (!is_option_name(member.key)) {
      return add("E0118", fmt::format("`{}` cannot name an option", member.key), member.where,
                 "a name has 1 to 64 characters of A-Z a-z 0-9 _ - and begins with a letter");
    }
    const auto& reserved = reserved_options(kind_);
    const auto is_same = [&](const OptionSpec& s) { return s.name == member.key; };
    if (prefix.empty() && std::any_of(reserved.begin(), reserved.end(), is_same)) {
      return add("E0220", fmt::format("`{}` is a key that the host reserves", member.key), member.where,
                 "give the option another name");
    }
    if (member.value.kind != Node::Kind::table) {
      return add("E0115", fmt::format("`{}` must be a table, got {}", path, member.value.described()),
                 member.value.where, fmt::format("declare it as [{}] with `type = ...`", path));
    }
    if (const Member* members = member.value.find("options")) {
      const OptionSpec help = spec("help", OptionType::string);
      const CheckedSection section{
          path, {}, {{"type", "an option with `options` is a table: it has no type"}}, {"options"}, false, false};
      check_table(member.value, section, {&help}, diagnostics_);
      return read_options(members->value, path + ".options", prefix + member.key + ".", out);
    }
    out.push_back(read_plain(member, path, prefix));
  }

  OptionSpec read_plain(const Member& member, const std::string& path, const std::string& prefix) {
    const Node& table = member.value;
    OptionSpec out;
    out.name = prefix + member.key;
    const auto before = diagnostics_.all().size();
    const CheckedSection section{path, {}, {}, {"choices", "default", "options"}, false, false};
    const auto checked = check_table(table, section, pointers(option_specs()), diagnostics_);
    if (checked.has("help")) out.help = checked.string("help");
    if (diagnostics_.all().size() != before) return out;
    auto type = checked.string("type");
    out.array = type.front() == '[';
    if (out.array) type = type.substr(1, type.size() - 2);
    out.type = static_cast<OptionType>(std::find(type_names.begin(), type_names.end(), type) - type_names.begin());
    out.optional = checked.has("optional") && checked.boolean("optional");
    out.env = checked.has("env") && checked.boolean("env");
    if (checked.has("min")) out.min = checked.number("min");
    if (checked.has("max")) out.max = checked.number("max");
    if (checked.has("default_from")) out.default_from = checked.string("default_from");
    read_choices(table, path, out);
    read_default(table, path, out);
    check_sense(checked, member, path, out);
    return out;
  }

  void read_choices(const Node& table, const std::string& path, OptionSpec& out) {
    const Member* choices = table.find("choices");
    if (choices == nullptr) return;
    OptionSpec list = out;
    list.array = true;
    list.min = list.max = std::nullopt;
    auto values = check_value(choices->value, path + ".choices", list, diagnostics_);
    if (values && values->empty()) add("E0118", fmt::format("`{}.choices` is empty", path), choices->value.where);
    if (values) out.choices = std::move(*values);
  }

  void read_default(const Node& table, const std::string& path, OptionSpec& out) {
    const Member* value = table.find("default");
    if (value == nullptr) return;
    out.default_value = check_value(value->value, path + ".default", out, diagnostics_);
    for (const Scalar& scalar : out.default_value.value_or(std::vector<Scalar>{})) {
      const auto* text = std::get_if<std::string>(&scalar);
      if (text == nullptr || text->find("${env:") == std::string::npos) continue;
      add("E0118", fmt::format("`{}.default` names an environment variable", path), value->value.where,
          "only experiments can do that: omit the default, and explain it in the option's help");
    }
  }

  void check_sense(const OptionTable& checked, const Member& member, const std::string& path, const OptionSpec& out) {
    const bool numeric = out.type == OptionType::integer || out.type == OptionType::number;
    if ((out.min || out.max) && !numeric) {
      add("E0119", fmt::format("`{}` has min or max, but is not a number", path), member.where);
    }
    if (out.env && out.type != OptionType::string && out.type != OptionType::path) {
      add("E0119", fmt::format("`{}` has env, but is not a text", path), checked.find("env")->where);
    }
    if (out.min && out.max && *out.min > *out.max) {
      add("E0119", fmt::format("`{}.min` is more than `max`", path), checked.find("min")->where);
    }
    const bool has_default = member.value.find("default") != nullptr;
    if (has_default && out.optional) {
      add("E0119", fmt::format("`{}` has a default, so it cannot be `optional`", path), member.where,
          "keep one of them");
    }
    if (out.default_from) check_default_from(checked.find("default_from")->where, path, out);
  }

  void check_default_from(const Location& where, const std::string& path, const OptionSpec& out) {
    const auto prefix = giver_for(kind_);
    if (prefix.empty()) {
      return add("E0119", fmt::format("`{}` cannot have `default_from` in a {} plugin", path, to_string(kind_)), where,
                 "only models (from the dataset) and datasets (from the model) are wired");
    }
    const auto& from = *out.default_from;
    const bool good = from.starts_with(prefix) && is_option_name(std::string_view(from).substr(prefix.size()));
    if (!good) {
      add("E0118", fmt::format("`{}.default_from` cannot be {}", path, toml_string(from)), where,
          kind_ == PluginKind::model ? "write \"dataset.<fact>\", for example \"dataset.classes\""
                                     : "write \"model.<option>\", for example \"model.sequence_length\"");
    }
    const bool from_fact = kind_ == PluginKind::model;
    if (from_fact && (out.array || out.type == OptionType::boolean || out.type == OptionType::path)) {
      add("E0119", fmt::format("`{}` cannot come from a fact: facts are integers or strings", path), where);
    }
  }

  PluginKind kind_;
  Diagnostics& diagnostics_;
};

void read_needed_abi(const Option& option, const std::string& text, Manifest& manifest, Diagnostics& diagnostics) {
  AbiVersion version;
  const char* const end = text.data() + text.size();
  const auto [dot, failed] = std::from_chars(text.data(), end, version.major);
  const bool has_dot = failed == std::errc() && dot != end && *dot == '.';
  const auto [last, minor_failed] = has_dot ? std::from_chars(dot + 1, end, version.minor) : std::from_chars_result{};
  if (has_dot && minor_failed == std::errc() && last == end) {
    manifest.needs_abi = version;
    return;
  }
  diagnostics.add({"E0118",
                   fmt::format("`needs_abi` cannot be {}", toml_string(text)),
                   option.where,
                   "",
                   {"write the lowest version of the plugin ABI that the plugin needs: \"1.1\""}});
}

void read_head(const OptionTable& head, Manifest& manifest, Diagnostics& diagnostics) {
  if (head.has("id")) {
    manifest.id = head.string("id");
    if (!is_plugin_id(manifest.id)) {
      diagnostics.add({"E0118",
                       fmt::format("`id` cannot be {}", toml_string(manifest.id)),
                       head.find("id")->where,
                       "",
                       {"an id has 1 to 64 characters of a-z 0-9 _ - and begins with a letter"}});
    }
  }
  if (head.has("version")) manifest.version = head.string("version");
  if (head.has("version") && manifest.version.empty()) {
    diagnostics.add({"E0118", "`version` is empty", head.find("version")->where, "", {}});
  }
  if (head.has("summary")) manifest.summary = head.string("summary");
  if (head.has("needs_abi")) read_needed_abi(*head.find("needs_abi"), head.string("needs_abi"), manifest, diagnostics);
  if (!head.has("kind")) return;
  const auto kinds = kind_names();
  const auto index = std::find(kinds.begin(), kinds.end(), head.string("kind")) - kinds.begin();
  manifest.kind = static_cast<PluginKind>(index + 1);
  manifest.is_default = head.has("default") && head.boolean("default");
  if (manifest.is_default && manifest.kind != PluginKind::dataset) {
    diagnostics.add({"E0119", "only a dataset can say `default = true`", head.find("default")->where, "", {}});
  }
  if (!head.has("inputs")) return;
  manifest.inputs = head.strings("inputs");
  if (manifest.kind != PluginKind::model) {
    diagnostics.add({"E0119", "only a model has `inputs`", head.find("inputs")->where, "", {}});
  }
}

// The checks that manifests share with experiments report E01xx.
void add_as_manifest_mistakes(const Diagnostics& found, Diagnostics& diagnostics) {
  for (auto diagnostic : found.all()) {
    diagnostic.code[2] = '2';
    diagnostics.add(std::move(diagnostic));
  }
}

}  // namespace

std::string_view to_string(PluginKind kind) {
  constexpr std::string_view names[] = {"?", "dataset", "precision", "logger", "model"};
  return names[static_cast<std::size_t>(kind)];
}

const std::vector<OptionSpec>& reserved_options(PluginKind kind) {
  static const auto everywhere = [] {
    std::vector<OptionSpec> all = {spec("plugin", OptionType::string, true), spec("library", OptionType::path)};
    all[0].help = "The plugin's id; `binade plugins list` shows all.";
    all[1].help = "A file to use instead of searching for the id.";
    return all;
  }();
  static const auto model = [] {
    auto all = everywhere;
    OptionSpec from = spec("init_from", OptionType::path);
    from.help = "Initial weights: a run's directory, a checkpoint's, or a safetensors file.";
    all.push_back(std::move(from));
    OptionSpec strict = spec("init_strict", OptionType::boolean);
    strict.optional = false;
    strict.default_value = std::vector<Scalar>{true};
    strict.help = "Whether init_from must have exactly the model's tensors; false loads those that fit.";
    all.push_back(std::move(strict));
    return all;
  }();
  static const auto dataset = [] {
    auto all = everywhere;
    OptionSpec standardize = spec("standardize_target", OptionType::boolean);
    standardize.optional = false;
    standardize.default_value = std::vector<Scalar>{false};
    standardize.help =
        "Whether a model with the loss mse is trained on (target - mean) / deviation, both of the training samples, "
        "which are read once for it. Losses are still reported in the target's own units.";
    all.push_back(std::move(standardize));
    return all;
  }();
  static const auto precision = [] {
    auto all = everywhere;
    OptionSpec cpu = spec("cpu", OptionType::string);
    cpu.optional = false;
    cpu.default_value = std::vector<Scalar>{std::string("fallback")};
    cpu.choices = {std::string("fallback"), std::string("allow")};
    cpu.help = "On a CPU, mixed precision falls back to fp32, or is allowed and may be slow.";
    all.push_back(std::move(cpu));
    OptionSpec use_amp = spec("use_amp", OptionType::boolean);
    use_amp.help = "true requests half precision for any plugin, false requests fp32; absent: the plugin decides.";
    all.push_back(std::move(use_amp));
    OptionSpec overrides = spec("overrides", OptionType::string);
    overrides.table = true;
    overrides.choices = {std::string("fp32"), std::string("bf16"), std::string("fp16")};
    overrides.help =
        "Names of parameters, with * and ?: operations that use them run in this precision. The first that matches "
        "counts.";
    all.push_back(overrides);
    overrides.name = "operations";
    overrides.help = "Names of LibTorch's operations, such as softmax, that run in this precision.";
    all.push_back(std::move(overrides));
    return all;
  }();
  if (kind == PluginKind::model) return model;
  if (kind == PluginKind::dataset) return dataset;
  return kind == PluginKind::precision ? precision : everywhere;
}

bool is_plugin_id(std::string_view text) {
  return is_name(text, "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz0123456789_-");
}

Manifest parse_manifest(const std::string& text, const std::string& source, Diagnostics& diagnostics) {
  Manifest manifest;
  Diagnostics found;
  diagnostics.add_source(source, text);
  if (auto root = parse_toml(text, source, found)) {
    const auto head =
        check_table(*root, {"", {}, {}, {"options", "metrics"}, false, false}, pointers(head_specs()), found);
    read_head(head, manifest, found);
    if (const Member* options = root->find("options")) {
      OptionReader(manifest.kind, found).read_options(options->value, "options", "", manifest.options);
    }
    if (const Member* metrics = root->find("metrics")) manifest.metrics = read_metrics(metrics->value, found);
  }
  add_as_manifest_mistakes(found, diagnostics);
  return manifest;
}

}  // namespace binade::host
