// The names of the columns of a CSV file, made different as pandas does.
#pragma once

#include <binade/options.h>

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "quoted.h"
#include "table/number_text.h"

struct CsvHeader {
  std::vector<std::string> names;
  std::vector<std::string> repeated, unnamed;  // the new names of these columns

  // Takes the fields of the first line. A second `a` becomes `a.1`, an empty name in the fourth column `Unnamed: 3`.
  // Without a header the names are 1, 2, 3, ...
  CsvHeader(const std::vector<std::string_view>& fields, bool header) {
    std::unordered_set<std::string> taken;
    for (const auto field : fields) taken.emplace(table::trim(field));
    std::unordered_set<std::string> seen;
    std::unordered_map<std::string, std::size_t> again;
    for (const auto field : fields) {
      auto name = header ? std::string(table::trim(field)) : std::to_string(names.size() + 1);
      if (name.empty()) {
        name = "Unnamed: " + std::to_string(names.size());
        unnamed.push_back(name);
      }
      if (!seen.insert(name).second) {
        const auto first = name;
        do {
          name = first + "." + std::to_string(++again[first]);
        } while (taken.count(name) > 0 || seen.count(name) > 0);
        seen.insert(name);
        repeated.push_back(name);
      }
      names.push_back(std::move(name));
    }
  }

  void tell(const binade::Host& host, const std::string& file) const {
    if (!repeated.empty()) {
      host.warning(file + ":1: some columns have the same name as an earlier one and are called " + list(repeated) +
                   ": is one a copy of the other?");
    }
    if (!unnamed.empty()) {
      host.warning(file + ":1: some columns have no name and are called " + list(unnamed) +
                   "; if a program added such a column, for row numbers for example, list it in `ignore`");
    }
  }

 private:
  static std::string list(const std::vector<std::string>& names) {
    constexpr std::size_t most = 10;
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), most); ++i) {
      text += (i > 0 ? ", `" : "`") + binade::printable(names[i]) + "`";
    }
    return names.size() > most ? text + " and " + std::to_string(names.size() - most) + " more" : text;
  }
};
