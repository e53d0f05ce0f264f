// Gives values of the dataset to the model's options, and the reverse.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>

#include "host/experiment/experiment.h"

namespace binade::host {

// A fact that a dataset states about itself.
using Fact = std::variant<std::int64_t, std::string>;
using Facts = std::map<std::string, Fact, std::less<>>;

// Gives every option with `default_from = "dataset.<fact>"` that has no value yet the dataset's fact, and checks it
// like a value of the file. Without such a fact the option gets its default. Adds mistakes (neither fact nor default,
// wrong type, out of range) to `diagnostics`.
void wire(OptionTable& options, const std::string& section, const Facts& dataset_facts, Diagnostics& diagnostics);

// The same for options of a dataset with `default_from = "model.<option>"`: they get the option's value in the model's
// table, given or default ("model.inputs": the fields that its manifest names). Must be called before the dataset is
// created, and so before the model is wired: a model's option that itself comes from the dataset has no value yet.
void wire_to_model(OptionTable& dataset_options, const PluginSection& model, Diagnostics& diagnostics);
// The part of it that needs nothing loaded, for load_experiment(). Options whose value the model's table does not have
// stay without a value.
void wire_to_stated(OptionTable& dataset_options, const PluginSection& model, Diagnostics& diagnostics);

}  // namespace binade::host
