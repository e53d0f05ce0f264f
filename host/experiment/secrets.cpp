// Finds addresses that contain credentials.
#include "host/experiment/secrets.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <variant>

#include "host/experiment/diagnostics/diagnostic.h"
#include "host/experiment/experiment.h"
#include "host/experiment/resolved.h"
#include "host/experiment/toml/toml_text.h"

namespace binade::host {
namespace {

constexpr std::string_view scheme_end = "://";

// The characters that end an address. A slash does not: an unencoded one in a password must not reveal the rest.
constexpr std::string_view ends = " \t\r\n\"'`<>|";

// The next address in a text: the text before it, its credentials, and the rest.
struct Address {
  std::string_view before, credentials, after;
};

std::optional<Address> next_address(std::string_view text) {
  const auto scheme = text.find(scheme_end);
  if (scheme == std::string_view::npos) return std::nullopt;
  const auto begin = scheme + scheme_end.size();
  const auto end = std::min(text.find_first_of(ends, begin), text.size());
  const auto at = text.substr(begin, end - begin).rfind('@');
  const auto size = at == std::string_view::npos ? 0 : at;
  return Address{text.substr(0, begin), text.substr(begin, size), text.substr(begin + size)};
}

void refuse_password(const std::string& section, const Option& option, Diagnostics& diagnostics) {
  for (const auto& value : option.values) {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr || !has_password(*text)) continue;
    const auto key = option.spec->table ? fmt::format("{}.{}", option.spec->name, option.key) : option.spec->name;
    const char* const advice = section == "metrics"
                                   ? "write http://HOST:PORT; if it needs a password, put a proxy with the password in "
                                     "front of it"
                                   : "remove the password; a plugin can read it from a file or the environment";
    diagnostics.add({"E0118",
                     fmt::format("`{}.{}` cannot be {}: its password would stay in the run's records", section, key,
                                 toml_string(without_passwords(*text))),
                     option.where,
                     "",
                     {advice}});
  }
}

}  // namespace

std::string without_passwords(std::string_view text) {
  std::string out;
  while (const auto address = next_address(text)) {
    out += address->before;
    if (!address->credentials.empty()) out += "***";
    text = address->after;
  }
  return out.append(text);
}

bool has_password(std::string_view text) {
  while (const auto address = next_address(text)) {
    const auto& [before, credentials, after] = *address;
    const bool web = before.ends_with("http://") || before.ends_with("https://");
    if (!credentials.empty() && (web || credentials.find(':') != std::string_view::npos)) return true;
    text = after;
  }
  return false;
}

void refuse_passwords(const Experiment& experiment, Diagnostics& diagnostics) {
  for (const auto& section : resolved_sections(experiment)) {
    for (const auto* table : section.tables) {
      for (const auto& option : table->options()) refuse_password(section.name, option, diagnostics);
    }
  }
}

}  // namespace binade::host
