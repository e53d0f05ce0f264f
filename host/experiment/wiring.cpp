// Values that the dataset gives.
#include <fmt/format.h>

#include "host/experiment/check.h"
#include "host/experiment/experiment.h"
#include "host/experiment/toml_text.h"

namespace binade::host {
namespace {

// The fact in the option's type; nullopt when it has another.
std::optional<Scalar> as_scalar(const Fact& fact, OptionType type) {
  if (const auto* integer = std::get_if<std::int64_t>(&fact)) {
    if (type == OptionType::integer) return *integer;
    if (type == OptionType::number) return static_cast<double>(*integer);
    return std::nullopt;
  }
  if (type == OptionType::string) return std::get<std::string>(fact);
  return std::nullopt;
}

std::string shown(const Facts& facts) {
  std::vector<std::string> texts;
  for (const auto& [name, fact] : facts) {
    const auto value = std::visit([](const auto& v) { return toml_scalar(Scalar(v)); }, fact);
    texts.push_back(fmt::format("{} = {}", name, value));
  }
  return texts.empty() ? "this dataset states no facts" : fmt::format("the dataset states: {}", listed(texts));
}

}  // namespace

void wire(OptionTable& options, const std::string& section, const Facts& dataset_facts, Diagnostics& diagnostics) {
  OptionTable wired;
  for (Option option : options.options()) {
    const OptionSpec& spec = *option.spec;
    const bool waits = spec.default_from && option.values.empty();
    if (waits) {
      const auto fact_name = spec.default_from->substr(spec.default_from->find('.') + 1);
      const auto name = section + "." + spec.name;
      const auto advice = fmt::format("write `{} = ...` in {}", spec.name, heading(section));
      const auto fact = dataset_facts.find(fact_name);
      const auto value = fact == dataset_facts.end() ? std::nullopt : as_scalar(fact->second, spec.type);
      if (fact == dataset_facts.end()) {
        if (spec.optional) {
          option.origin = Origin::absent;
        } else {
          diagnostics.add(
              {"E0110",
               fmt::format("`{}` comes from the dataset's `{}`, which this dataset does not state", name, fact_name),
               option.where,
               "",
               {advice, shown(dataset_facts)}});
        }
      } else if (!value) {
        diagnostics.add({"E0110",
                         fmt::format("`{}` comes from the dataset's `{}`, which is of another type", name, fact_name),
                         option.where,
                         "",
                         {advice, shown(dataset_facts)}});
      } else if (check_limits(*value, fmt::format("{}` = dataset `{}", name, fact_name), spec, option.where,
                              diagnostics)) {
        option.values = {*value};
      }
    }
    wired.add(std::move(option));
  }
  options = std::move(wired);
}

}  // namespace binade::host
