#include "host/experiment/schema/vocabulary.h"

#include <algorithm>

namespace binade::host {
namespace {

bool waits(const Option& option, const std::string& source) {
  const bool unsettled = option.origin == Origin::default_ || (option.origin == Origin::wired && option.values.empty());
  return unsettled && option.spec->default_from == source;
}

}  // namespace

Vocabulary resolve_vocabulary(std::optional<std::int64_t> configured, std::optional<std::int64_t> dataset,
                              std::int64_t embedding_rows) {
  if (configured) return {*configured, {}};
  if (dataset) return {*dataset, {}};
  if (embedding_rows > 0) return {embedding_rows, {}};
  return {default_vocab_size,
          "neither [model] nor the dataset gives the number of tokens, and the model has no "
          "embedding: " +
              std::to_string(default_vocab_size) + " is assumed; give `vocab_size = ...` in [model] or [dataset]"};
}

bool waits_for(const OptionTable& options, const std::string& source) {
  return std::any_of(options.options().begin(), options.options().end(),
                     [&](const Option& option) { return waits(option, source); });
}

std::string settle_vocabulary(OptionTable& options, const std::string& source, std::int64_t embedding_rows) {
  std::string warning;
  for (const auto& waiting : options.options()) {
    if (!waits(waiting, source)) continue;
    auto vocabulary = resolve_vocabulary({}, {}, embedding_rows);
    auto& option = *options.find(waiting.spec->name);
    option.values = {vocabulary.size};
    option.origin = Origin::wired;
    warning = std::move(vocabulary.warning);
  }
  return warning;
}

}  // namespace binade::host
