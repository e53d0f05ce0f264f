// The rows of a CSV file as samples.
#include <binade/dataset.h>

#include <memory>

#include "csv_source.h"
#include "table/table_dataset.h"

namespace {

table::Settings settings(const binade::Options& options) {
  table::Settings settings(options);
  settings.rules.decimal = options.string("decimal").front();
  return settings;
}

class Csv : public table::TableDataset {
 public:
  Csv(const binade::Options& options, const binade::Host& host)
      : TableDataset(std::make_unique<CsvSource>(options, host), settings(options), host) {}
};

}  // namespace

BINADE_DATASET(Csv)
