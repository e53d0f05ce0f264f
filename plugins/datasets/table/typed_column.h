// A column with its type.
#pragma once

#include "column.h"
#include "schema.h"

namespace table {

struct TypedColumn {
  std::size_t number;  // in the file
  Type type;           // never Type::inferred
  Column column;
};

}  // namespace table
