// One number per row of a column, equal exactly for equal values.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "column.h"

namespace table {

inline std::vector<std::int64_t> row_keys(const Column& column) {
  std::vector<std::int64_t> keys;
  keys.reserve(column.size());
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.is_category()) {
      keys.push_back(column.code(row));
      continue;
    }
    // The bits, in one form for each zero and each NaN.
    const double number = column.number(row);
    const double value = std::isnan(number) ? std::nan("") : number + 0.0;
    std::memcpy(&keys.emplace_back(), &value, sizeof(value));
  }
  return keys;
}

// Replaces two keys of each row by one.
inline void combine(std::vector<std::int64_t>& keys, const std::vector<std::int64_t>& others) {
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> pairs;
  for (std::size_t row = 0; row < keys.size(); ++row) {
    keys[row] = pairs.emplace(std::pair(keys[row], others[row]), static_cast<std::int64_t>(pairs.size())).first->second;
  }
}

}  // namespace table
