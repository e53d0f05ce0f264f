#include "host/experiment/vocabulary.h"

namespace binade::host {

Vocabulary resolve_vocabulary(std::optional<std::int64_t> configured, std::optional<std::int64_t> dataset,
                              std::int64_t embedding_rows) {
  if (configured) return {*configured, {}};
  if (dataset) return {*dataset, {}};
  if (embedding_rows > 0) return {embedding_rows, {}};
  return {default_vocab_size,
          "neither [model] nor the dataset says how many tokens there are, and the model has no "
          "embedding: " +
              std::to_string(default_vocab_size) + " is assumed; say `vocab_size = ...` in [model] or [dataset]"};
}

}  // namespace binade::host
