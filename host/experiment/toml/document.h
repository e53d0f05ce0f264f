// A TOML text as a tree of values with locations. Only document.cpp uses the TOML parser.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/experiment/diagnostics/diagnostic.h"
#include "host/experiment/schema/option.h"

namespace binade::host {

struct Member;

struct Node {
  enum class Kind { scalar, array, table };
  Kind kind = Kind::table;
  Location where;  // of the value; of the header for a [table]
  Scalar scalar = false;
  std::vector<Node> elements;   // array
  std::vector<Member> members;  // table, in the order of the text

  const Member* find(std::string_view key) const;
  Member* find(std::string_view key);
  // "an integer", "a string", "an array", "a table", ...
  std::string_view described() const;
};

struct Member {
  std::string key;
  Location where;  // of the key
  Node value;
};

// Parses TOML. Adds mistakes to `diagnostics` (only the first syntax error) and returns nullopt. Refuses texts of more
// than 1 MiB, dates, keys of more than 65 parts, and values nested deeper than 16.
std::optional<Node> parse_toml(const std::string& text, const std::string& source, Diagnostics& diagnostics);

}  // namespace binade::host
