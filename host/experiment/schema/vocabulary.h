// How many different tokens a run has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/experiment/schema/option.h"

namespace binade::host {

constexpr std::int64_t default_vocab_size = 50257;  // GPT-2's

struct Vocabulary {
  std::int64_t size = 0;
  std::string warning;  // not empty: nobody says, so the default stands in
};

// The experiment's own word, else the dataset's, else the rows of the model's first embedding (0: it has none), else
// the default with a warning.
Vocabulary resolve_vocabulary(std::optional<std::int64_t> configured, std::optional<std::int64_t> dataset,
                              std::int64_t embedding_rows);

// Whether an option takes its value from `source`, which gave none: it has its default, or no value yet.
bool waits_for(const OptionTable& options, const std::string& source);

// Where options wait for `source` ("dataset.vocab_size", "model.vocab_size"), whose giver does not know it: what is
// resolved without that giver. Returns the warning to show, or nothing.
std::string settle_vocabulary(OptionTable& options, const std::string& source, std::int64_t embedding_rows);

}  // namespace binade::host
