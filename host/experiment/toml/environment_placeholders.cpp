// Replaces environment variables in the texts of an experiment.
#include "host/experiment/toml/environment_placeholders.h"

#include <fmt/format.h>

#include <cstdlib>
#include <optional>
#include <string_view>

#include "host/experiment/toml/prescan.h"
#include "host/experiment/toml/toml_text.h"

namespace binade::host {
namespace {

constexpr std::string_view opening = "${env:";

bool is_variable_name(std::string_view name) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  constexpr std::string_view rest = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
  return !name.empty() && letters.find(name.front()) != std::string_view::npos &&
         name.find_first_not_of(rest) == std::string_view::npos;
}

// The note about where variables are allowed.
const char* const where_allowed =
    "environment variables are allowed in paths, in `include`, in [experiment] name, in [metrics] listen and push, and "
    "in "
    "options whose manifest says `env = true`";

class Expansion {
 public:
  Expansion(const std::string& name, std::string& variables, Diagnostics& diagnostics)
      : name_(name), variables_(variables), diagnostics_(diagnostics) {}

  bool run(std::string& text, const Location& where) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      const auto begin = text.find(opening, at);
      out += text.substr(at, begin - at);
      if (begin == std::string::npos) break;
      const auto end = text.find('}', begin);
      if (end == std::string::npos) return malformed(where, "the closing brace is missing");
      const auto value = lookup(text.substr(begin + opening.size(), end - begin - opening.size()), where);
      if (!value) return false;
      out += *value;
      at = end + 1;
    }
    text = std::move(out);
    return true;
  }

 private:
  std::optional<std::string> lookup(const std::string& inner, const Location& where) {
    const auto separator = inner.find(":-");
    const auto variable = inner.substr(0, separator);
    if (!is_variable_name(variable)) {
      malformed(where, fmt::format("`{}` is not a variable name", variable));
      return std::nullopt;
    }
    const bool has_default = separator != std::string::npos;
    const char* value = std::getenv(variable.c_str());
    const bool given = value != nullptr && (*value != '\0' || !has_default);
    if (!given && !has_default) {
      diagnostics_.add({"E0113",
                        fmt::format("`{}` needs the environment variable {}, which is not set", name_, variable),
                        where,
                        "",
                        {fmt::format("set it, or give a default: ${{env:{}:-...}}", variable)}});
      return std::nullopt;
    }
    if (!variables_.empty()) variables_ += ", ";
    variables_ += variable + (given ? "" : " (not set)");
    const std::string text = given ? value : inner.substr(separator + 2);
    if (!is_text(text, variable, where)) return std::nullopt;
    return text;
  }

  // The value must be valid TOML text, because the resolved experiment shows it.
  bool is_text(const std::string& text, const std::string& variable, const Location& where) {
    if (text.find(opening) == std::string::npos && !prescan("value = " + toml_string(text))) return true;
    diagnostics_.add({"E0113",
                      fmt::format("`{}` cannot take the value of the environment variable {}", name_, variable),
                      where,
                      "",
                      {"the value must be UTF-8 text and must not name further variables"}});
    return false;
  }

  bool malformed(const Location& where, const std::string& why) {
    diagnostics_.add({"E0112",
                      fmt::format("`{}` names no environment variable: {}", name_, why),
                      where,
                      "",
                      {"write ${env:NAME} or ${env:NAME:-default}"}});
    return false;
  }

  const std::string& name_;
  std::string& variables_;
  Diagnostics& diagnostics_;
};

}  // namespace

bool takes_environment(const OptionSpec& spec) { return spec.type == OptionType::path || spec.env; }

bool expand_environment(Node& value, const std::string& name, const OptionSpec& spec, std::string& variables,
                        Diagnostics& diagnostics) {
  bool good = true;
  for (Node& element : value.elements) {
    good = expand_environment(element, name, spec, variables, diagnostics) && good;
  }
  auto* text = value.kind == Node::Kind::scalar ? std::get_if<std::string>(&value.scalar) : nullptr;
  if (text == nullptr || text->find(opening) == std::string::npos) return good;
  if (!takes_environment(spec)) {
    diagnostics.add(
        {"E0112", fmt::format("`{}` takes no environment variables", name), value.where, "", {where_allowed}});
    return false;
  }
  return Expansion(name, variables, diagnostics).run(*text, value.where) && good;
}

}  // namespace binade::host
