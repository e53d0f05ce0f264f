// Options as data: what a table may hold (OptionSpec), and what it holds once checked (OptionTable). The host's own
// sections and the plugins' manifests are described in the same way, and checked by the same code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "host/experiment/diagnostics/diagnostic.h"

namespace binade::host {

enum class OptionType { boolean, integer, number, string, path };

using Scalar = std::variant<bool, std::int64_t, double, std::string>;

// One option. A member of a nested table has a dotted name.
struct OptionSpec {
  std::string name;
  OptionType type = OptionType::string;
  bool array = false;
  bool table = false;                                // of any keys, each with a value as this spec says
  std::optional<std::vector<Scalar>> default_value;  // one element for a scalar
  std::optional<std::string> default_from;           // "dataset.classes": filled in at run, before the default
  bool optional = false;                             // may stay without a value
  std::optional<double> min, max;                    // of each element, inclusive
  std::vector<Scalar> choices;
  std::string help;
  bool env = false;  // texts may say ${env:NAME}; paths may anyway

  bool required() const { return !default_value && !default_from && !optional; }
};

// Why an option has its value.
// NOLINTNEXTLINE(readability-identifier-naming): two of the words belong to the language
enum class Origin { file, override_, default_, wired, absent };

struct Option {
  const OptionSpec* spec;  // lives as long as the manifest or section that declares it
  std::vector<Scalar> values;
  Origin origin;
  Location where;                // of the value, or of the table when it is a default
  std::string environment = {};  // the variables that the value was made of: "DATA"
  std::string key = {};          // in a table of any keys: this value's, never empty
};

// A checked table: each declared option once, in the order of declaration; a table of any keys once for each key, what
// wins first. Throws std::logic_error when asked for an option that is not declared so: that is a mistake of the host's
// own.
class OptionTable {
 public:
  void add(Option option) { options_.push_back(std::move(option)); }
  const std::vector<Option>& options() const { return options_; }
  const Option* find(std::string_view name) const;
  Option* find(std::string_view name);

  bool has(std::string_view name) const;  // declared and with a value
  bool boolean(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  double number(std::string_view name) const;
  const std::string& string(std::string_view name) const;  // also of paths, which are absolute by now
  std::vector<std::string> strings(std::string_view name) const;
  // Of a table of any keys with strings: keys and values; none where it is not given.
  std::vector<std::pair<std::string, std::string>> entries(std::string_view name) const;

 private:
  const Option& get(std::string_view name) const;
  std::vector<Option> options_;
};

}  // namespace binade::host
