// Guesses the delimiter of a CSV file.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "csv_reader.h"

constexpr char common_delimiters[] = {';', '\t', '|', ','};

// Returns the most frequent of the common delimiters in a record, other than `delimiter`. Empty if there is none.
inline std::string other_delimiter(std::string_view record, char delimiter) {
  std::ptrdiff_t most = 0;
  std::string found;
  for (const char candidate : common_delimiters) {
    const auto count = std::count(record.begin(), record.end(), candidate);
    if (candidate == delimiter || count <= most) continue;
    most = count;
    found = candidate == '\t' ? "\\t" : std::string(1, candidate);
  }
  return found;
}

// Returns the delimiter that divides the first records into the same number of fields, at least two; of several, the
// one with the most fields. Returns '\0' if no delimiter does.
inline char guessed_delimiter(std::string_view text) {
  constexpr int looked_at = 100;
  char best = '\0';
  std::size_t most = 1;
  for (const char candidate : common_delimiters) {
    CsvReader reader(text, candidate, "");
    std::vector<std::string_view> fields;
    std::size_t count = 0;
    bool same = true;
    try {
      for (int record = 0; record < looked_at && same && reader.next(fields); ++record) {
        same = record == 0 || fields.size() == count;
        count = fields.size();
      }
    } catch (const binade::Failure&) {
      same = false;
    }
    if (!same || count <= most) continue;
    most = count;
    best = candidate;
  }
  return best;
}
