// Guesses the delimiter of a CSV file that does not use the configured one.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

// Returns the most frequent of the common delimiters in a record, other than `delimiter`. Empty if there is none.
inline std::string other_delimiter(std::string_view record, char delimiter) {
  std::ptrdiff_t most = 0;
  std::string found;
  for (const char candidate : {';', '\t', '|', ','}) {
    const auto count = std::count(record.begin(), record.end(), candidate);
    if (candidate == delimiter || count <= most) continue;
    most = count;
    found = candidate == '\t' ? "\\t" : std::string(1, candidate);
  }
  return found;
}
