// A file format as the source of a table: it names the columns and reads those that are asked for.
#pragma once

#include <binade/options.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "cell_rules.h"
#include "column.h"
#include "column_names.h"

namespace table {

// A column to read, by its number in the file.
struct Request {
  std::size_t number;
  Form form;
  bool finite_float;  // its numbers are not standardized, so they must be finite in float32
};

class Source {
 public:
  static constexpr std::uint64_t all_rows = std::numeric_limits<std::uint64_t>::max();

  virtual ~Source() = default;
  // The path, for messages.
  virtual const std::string& file() const = 0;
  virtual const ColumnNames& names() const = 0;
  // Adds to the advice in messages about too few columns: "is `delimiter` right?".
  virtual std::string advice() const = 0;
  // Reads the requested columns, at most `rows` rows. All columns have the same number of rows, and every call gives
  // the same. Throws binade::Failure (BINADE_BAD_DATA) for damage, but not for cells that do not have the requested
  // form: those are in the findings. A format that knows the type of a column may return another form.
  virtual std::vector<Column> read(const std::vector<Request>& columns, const CellRules& rules,
                                   std::uint64_t rows = all_rows) = 0;
  // Warns of what looks wrong in the file. Called once, after the last read() of all rows. `features` are the numbers
  // of the feature columns.
  virtual void remark(const std::vector<std::size_t>& features, const CellRules& rules,
                      const binade::Host& host) const = 0;
};

}  // namespace table
