// The number of different tokens of a run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/experiment/schema/option.h"

namespace binade::host {

constexpr std::int64_t default_vocab_size = 50257;  // GPT-2's

struct Vocabulary {
  std::int64_t size = 0;
  std::string warning;  // not empty: the number is unknown, and the default is used
};

// Returns the experiment's number, else the dataset's, else the rows of the model's first embedding (0: it has none),
// else the default with a warning.
Vocabulary resolve_vocabulary(std::optional<std::int64_t> configured, std::optional<std::int64_t> dataset,
                              std::int64_t embedding_rows);

// Whether an option takes its value from `source`, which gave none, so that it has its default or no value.
bool waits_for(const OptionTable& options, const std::string& source);

// Resolves options that wait for `source` ("dataset.vocab_size", "model.vocab_size") when neither the dataset nor the
// model knows it. Returns the warning to show, or an empty string.
std::string settle_vocabulary(OptionTable& options, const std::string& source, std::int64_t embedding_rows);

}  // namespace binade::host
