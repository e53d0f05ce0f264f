#include "host/experiment/wiring.h"

#include <fmt/format.h>

#include <functional>

#include "host/experiment/schema/table_validation.h"
#include "host/experiment/schema/value_validation.h"
#include "host/experiment/toml/toml_text.h"

namespace binade::host {
namespace {

using Values = std::vector<Scalar>;

// The source of values: its name before the dot of `default_from`, its values by name, and a text that lists them.
struct Giver {
  std::string name;
  std::function<std::optional<Values>(const std::string&)> give;
  std::string offers;
  bool complete = true;  // values that are missing now stay missing
};

bool is_text(OptionType type) { return type == OptionType::string || type == OptionType::path; }

// Returns the value in the option's type, or nullopt when it has a different one.
std::optional<Values> in_type_of(const OptionSpec& spec, Values values) {
  if (!spec.array && values.size() != 1) return std::nullopt;
  for (Scalar& value : values) {
    const auto* integer = std::get_if<std::int64_t>(&value);
    if (integer != nullptr && spec.type == OptionType::number) {
      value = static_cast<double>(*integer);
      continue;
    }
    const bool fits = (std::holds_alternative<bool>(value) && spec.type == OptionType::boolean) ||
                      (integer != nullptr && spec.type == OptionType::integer) ||
                      (std::holds_alternative<double>(value) && spec.type == OptionType::number) ||
                      (std::holds_alternative<std::string>(value) && is_text(spec.type));
    if (!fits) return std::nullopt;
  }
  return values;
}

class Wiring {
 public:
  Wiring(std::string section, const Giver& giver, Diagnostics& diagnostics)
      : section_(std::move(section)), giver_(giver), diagnostics_(diagnostics) {}

  void run(OptionTable& options) const {
    OptionTable wired;
    for (Option option : options.options()) {
      const auto& from = option.spec->default_from;
      if (option.origin == Origin::wired && option.values.empty() && from && from->starts_with(giver_.name + ".")) {
        fill(option, from->substr(giver_.name.size() + 1));
      }
      wired.add(std::move(option));
    }
    options = std::move(wired);
  }

 private:
  void fill(Option& option, const std::string& source) const {
    const OptionSpec& spec = *option.spec;
    const auto name = section_ + "." + spec.name;
    auto given = giver_.give(source);
    if (!given && !giver_.complete) return;
    if (!given && (spec.default_value || spec.optional)) {
      option.origin = spec.default_value ? Origin::default_ : Origin::absent;
      option.values = spec.default_value.value_or(Values{});
      return;
    }
    if (!given) return add(option, fmt::format("which this {} does not state", giver_.name), source);
    auto values = in_type_of(spec, std::move(*given));
    if (!values) return add(option, "which has a different type", source);
    for (const Scalar& value : *values) {
      const auto called = fmt::format("{}` = {} `{}", name, giver_.name, source);
      if (!check_limits(value, called, spec, option.where, diagnostics_)) return;
    }
    option.values = std::move(*values);
  }

  void add(const Option& option, const std::string& why, const std::string& source) const {
    const auto& name = option.spec->name;
    diagnostics_.add({"E0110",
                      fmt::format("`{}.{}` comes from the {}'s `{}`, {}", section_, name, giver_.name, source, why),
                      option.where,
                      "",
                      {fmt::format("write `{} = ...` in {}", name, heading(section_)), giver_.offers}});
  }

  std::string section_;
  const Giver& giver_;
  Diagnostics& diagnostics_;
};

std::string shown(const Facts& facts) {
  std::vector<std::string> texts;
  for (const auto& [name, fact] : facts) {
    const auto value = std::visit([](const auto& v) { return toml_scalar(Scalar(v)); }, fact);
    texts.push_back(fmt::format("{} = {}", name, value));
  }
  return texts.empty() ? "this dataset states no facts" : fmt::format("the dataset states: {}", listed(texts));
}

std::string shown(const OptionTable& model) {
  std::vector<std::string> names;
  for (const auto& option : model.options()) {
    if (!option.values.empty()) names.push_back(option.spec->name);
  }
  return names.empty() ? "this model has no options with values"
                       : fmt::format("options of the model that have values: {}", listed(names));
}

// The model's section must outlive the result.
Giver giver(const PluginSection& model) {
  const auto give = [&model](const std::string& name) -> std::optional<Values> {
    if (name == "inputs" && !model.inputs.empty()) return Values(model.inputs.begin(), model.inputs.end());
    const Option* option = model.options.find(name);
    return option != nullptr && !option->values.empty() ? std::optional(option->values) : std::nullopt;
  };
  return {"model", give, shown(model.options)};
}

}  // namespace

void wire(OptionTable& options, const std::string& section, const Facts& dataset_facts, Diagnostics& diagnostics) {
  const auto give = [&](const std::string& name) -> std::optional<Values> {
    const auto fact = dataset_facts.find(name);
    if (fact == dataset_facts.end()) return std::nullopt;
    return std::visit([](const auto& value) { return Values{Scalar(value)}; }, fact->second);
  };
  const Giver dataset{"dataset", give, shown(dataset_facts)};
  Wiring(section, dataset, diagnostics).run(options);
}

void wire_to_model(OptionTable& dataset_options, const PluginSection& model, Diagnostics& diagnostics) {
  const auto from = giver(model);
  Wiring("dataset", from, diagnostics).run(dataset_options);
}

void wire_to_stated(OptionTable& dataset_options, const PluginSection& model, Diagnostics& diagnostics) {
  auto from = giver(model);
  from.complete = false;
  Wiring("dataset", from, diagnostics).run(dataset_options);
}

}  // namespace binade::host
