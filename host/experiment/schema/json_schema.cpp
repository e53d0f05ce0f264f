#include "host/experiment/schema/json_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "host/experiment/experiment.h"
#include "host/experiment/schema/sections.h"
#include "host/experiment/schema/table_validation.h"

namespace binade::host {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Scalar& scalar) {
  return std::visit([](const auto& value) { return Json(value); }, scalar);
}

// Returns the bound of an integer without a decimal point.
Json bound(double value, OptionType type) {
  return type == OptionType::integer ? Json(static_cast<std::int64_t>(value)) : Json(value);
}

Json element_schema(const OptionSpec& spec) {
  constexpr const char* types[] = {"boolean", "integer", "number", "string", "string"};
  Json json{{"type", types[static_cast<std::size_t>(spec.type)]}};
  if (spec.also) json["type"] = Json::array({json["type"], types[static_cast<std::size_t>(*spec.also)]});
  for (const auto& choice : spec.choices) json["enum"].push_back(json_of(choice));
  if (spec.min) json["minimum"] = bound(*spec.min, spec.type);
  if (spec.max) json["maximum"] = bound(*spec.max, spec.type);
  return json;
}

Json option_schema(const OptionSpec& spec) {
  Json json = element_schema(spec);
  if (spec.array) json = {{"type", "array"}, {"items", std::move(json)}};
  if (spec.table) {
    json = {{"type", "object"}, {"patternProperties", {{".+", std::move(json)}}}, {"additionalProperties", false}};
  }
  auto help = spec.help;
  if (spec.default_from)
    help += fmt::format("{}Taken from {} when a run starts.", help.empty() ? "" : " ", *spec.default_from);
  if (!help.empty()) json["description"] = help;
  if (!spec.default_value) return json;
  if (!spec.array) {
    json["default"] = json_of(spec.default_value->front());
  } else {
    json["default"] = Json::array();
    for (const auto& value : *spec.default_value) json["default"].push_back(json_of(value));
  }
  return json;
}

Json empty_table() { return {{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}}; }

// Accepts both, when two tables have a key of this name.
void add_property(Json& properties, const std::string& key, Json schema) {
  if (!properties.contains(key)) {
    properties[key] = std::move(schema);
  } else if (properties[key] != schema) {
    Json both{{"anyOf", Json::array({properties[key], std::move(schema)})}};
    properties[key] = std::move(both);
  }
}

// `name` is "limits.low" for an option of a nested table.
void add_option(Json& table, const std::string& name, const OptionSpec& spec) {
  auto& properties = table["properties"];
  const auto dot = name.find('.');
  if (dot == std::string::npos) return add_property(properties, name, option_schema(spec));
  const auto first = name.substr(0, dot);
  if (!properties.contains(first) || !properties[first].contains("properties")) properties[first] = empty_table();
  add_option(properties[first], name.substr(dot + 1), spec);
}

void add_options(Json& table, const Specs& specs) {
  for (const auto* spec : specs) add_option(table, spec->name, *spec);
}

// The keys that belong to one value of `key`.
Json variant(const std::string& key, const std::string& value, const std::string& help, const Specs& specs) {
  auto table = empty_table();
  add_options(table, specs);
  table["title"] = value;
  if (!help.empty()) table["description"] = help;
  table["properties"][key]["enum"] = Json::array({value});
  table["required"] = Json::array({key});
  return table;
}

// A table without that key, which another file or an override may add: accepts the keys of all variants.
Json variant_without(const std::string& key, Json all) {
  all["properties"].erase(key);
  return all;
}

// [[optimizer.group]], whatever the optimizer.
void add_parameter_groups(Json& optimizer) {
  const auto& group = parameter_group_section();
  Json table = empty_table();
  add_options(table, pointers(group.variants.front().options));
  optimizer["properties"]["group"] = {{"type", "array"}, {"description", group.help}, {"items", std::move(table)}};
}

Json section_schema(const SectionSpec& section) {
  Json all = empty_table();
  for (const auto& one : section.variants) add_options(all, pointers(one.options));
  if (section.variants.size() == 1) {
    all["description"] = section.help;
    return all;
  }
  Json variants = Json::array();
  for (const auto& one : section.variants) variants.push_back(variant("name", one.name, "", pointers(one.options)));
  variants.push_back(variant_without("name", std::move(all)));
  if (section.name == "optimizer") std::for_each(variants.begin(), variants.end(), add_parameter_groups);
  return {{"type", "object"}, {"description", section.help}, {"oneOf", std::move(variants)}};
}

class PluginSchemas {
 public:
  explicit PluginSchemas(const ManifestSource& plugins) : plugins_(plugins) {}

  Json section(PluginKind kind, const char* help) const {
    Json ids = Json::array(), variants = Json::array();
    Json all = empty_table();
    const auto reserved = pointers(reserved_options(kind));
    add_options(all, reserved);
    Diagnostics ignored;  // refused plugins are not offered
    for (const auto& id : plugins_.ids(kind)) {
      const auto* manifest = plugins_.find(kind, id, "", {}, ignored);
      if (manifest == nullptr) continue;
      auto specs = reserved;
      for (const auto& option : manifest->options) specs.push_back(&option);
      ids.push_back(id);
      variants.push_back(variant("plugin", id, manifest->summary, specs));
      add_options(all, pointers(manifest->options));
    }
    if (kind == PluginKind::precision) {
      ids.emplace_back(automatic_precision);
      variants.push_back(variant("plugin", std::string(automatic_precision), "Chosen by the device.", reserved));
    }
    variants.push_back(variant_without("plugin", std::move(all)));
    if (ids.empty()) return {{"type", "object"}, {"description", help}};
    // Nothing is known here about a plugin that is given as a file.
    variants.push_back({{"properties", {{"plugin", {{"type", "string"}, {"not", {{"enum", ids}}}}}}},
                        {"required", Json::array({"plugin", "library"})}});
    Json known{{"properties", {{"plugin", {{"enum", ids}}}}}};
    Json file{{"required", Json::array({"library"})}};
    return {{"type", "object"},
            {"description", help},
            {"anyOf", Json::array({std::move(known), std::move(file)})},
            {"oneOf", std::move(variants)}};
  }

 private:
  const ManifestSource& plugins_;
};

}  // namespace

std::string json_schema(const ManifestSource& plugins) {
  const PluginSchemas schemas(plugins);
  Json properties{
      {"include",
       {{"type", "array"},
        {"items", {{"type", "string"}, {"minLength", 1}}},
        {"description", "Files whose values this file inherits, relative to it; later ones win over earlier ones."}}},
      {"model", schemas.section(PluginKind::model, "The model to train.")},
      {"dataset", schemas.section(PluginKind::dataset, "The data to train on.")},
      {"precision", schemas.section(PluginKind::precision, "The number formats of the training.")},
      {"logger",
       {{"type", "array"}, {"items", schemas.section(PluginKind::logger, "The loggers that record the run.")}}}};
  for (const auto& section : host_sections()) properties[section.name] = section_schema(section);
  const Json schema{{"$schema", "http://json-schema.org/draft-04/schema#"},
                    {"title", "Binade experiment"},
                    {"type", "object"},
                    {"properties", std::move(properties)},
                    {"additionalProperties", false}};
  return schema.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace binade::host
