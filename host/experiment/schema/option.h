// Options as data: what a table may contain (OptionSpec), and its checked contents (OptionTable). The host's sections
// and the plugins' manifests use the same description and the same checks.
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
  std::optional<OptionType> also;                    // another type that a value may have
  bool table = false;                                // of any keys, with values of this spec
  std::optional<std::vector<Scalar>> default_value;  // one element for a scalar
  std::optional<std::string> default_from;  // "dataset.classes": filled in when a run starts; precedes the default
  bool optional = false;                    // may have no value
  std::optional<double> min, max;           // of each element, inclusive
  std::vector<Scalar> choices;
  std::string help;
  bool env = false;  // texts may contain ${env:NAME}; paths always may

  bool required() const { return !default_value && !default_from && !optional; }
};

// The origin of an option's value.
// NOLINTNEXTLINE(readability-identifier-naming): two of the words belong to the language
enum class Origin { file, override_, default_, wired, absent };

struct Option {
  const OptionSpec* spec;  // lives as long as the manifest or section that declares it
  std::vector<Scalar> values;
  Origin origin;
  Location where;                // of the value, or of the table when it is a default
  std::string environment = {};  // the variables in the value: "DATA"
  std::string key = {};          // in a table of any keys: the key of this value, never empty
};

// A checked table: each declared option once, in the order of declaration; a table of any keys once per key, the winner
// first. Throws std::logic_error when an option is requested that is not declared so, which is a bug in the host.
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
  const std::string& string(std::string_view name) const;  // also of paths, which are absolute
  std::vector<std::string> strings(std::string_view name) const;
  // The keys and values of a table of any keys with strings; empty if it is not given.
  std::vector<std::pair<std::string, std::string>> entries(std::string_view name) const;

 private:
  const Option& get(std::string_view name) const;
  std::vector<Option> options_;
};

}  // namespace binade::host
