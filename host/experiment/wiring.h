// Values that the dataset gives to options, or the model.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>

#include "host/experiment/experiment.h"

namespace binade::host {

// A fact that a dataset states about itself: an integer or a text.
using Fact = std::variant<std::int64_t, std::string>;
using Facts = std::map<std::string, Fact, std::less<>>;

// Gives every option with `default_from = "dataset.<fact>"` that is still without a value the dataset's fact, and
// checks it as if it had been written; where there is no such fact, its default. Mistakes (no such fact and no default,
// wrong type, out of range) go into `diagnostics`.
void wire(OptionTable& options, const std::string& section, const Facts& dataset_facts, Diagnostics& diagnostics);

// The same for options of a dataset with `default_from = "model.<option>"`: they get the value that the model's table
// has ("model.inputs": the fields that its manifest names), by default or as given. To be called before the dataset is
// created, and so before the model itself is wired: a model's option that waits for the dataset has no value to give.
void wire_to_model(OptionTable& dataset_options, const PluginSection& model, Diagnostics& diagnostics);
// The part of it that can be told before anything is loaded, as load_experiment() does: what the model's table does
// not state goes on waiting.
void wire_to_stated(OptionTable& dataset_options, const PluginSection& model, Diagnostics& diagnostics);

}  // namespace binade::host
