// Which character separates fields, where it is not the one that was asked for.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

// A record's most frequent character of those that usually separate fields: what to set `delimiter` to. Empty where it
// has no other than `delimiter`.
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
