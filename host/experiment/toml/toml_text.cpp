// Values as TOML text.
#include "host/experiment/toml/toml_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "binade/printable.h"

namespace binade::host {

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const auto [value, size] = binade::detail::first_code_point(text);
    if (value == '"' || value == '\\') {
      out += '\\';
      out += static_cast<char>(value);
    } else if (size > 0 && binade::detail::steers(value)) {
      out += binade::detail::escape_of(value);
    } else {
      // Bytes that are not UTF-8 stay as they are; a TOML parser refuses them.
      out += text.substr(0, std::max<std::size_t>(size, 1));
    }
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out + '"';
}

std::string toml_key(std::string_view key) {
  constexpr std::string_view bare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  const bool plain = !key.empty() && key.find_first_not_of(bare) == std::string_view::npos;
  return plain ? std::string(key) : toml_string(key);
}

std::string toml_number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  std::string text(buffer.data(), end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string toml_scalar(const Scalar& value) {
  switch (value.index()) {
    case 0:
      return std::get<bool>(value) ? "true" : "false";
    case 1:
      return std::to_string(std::get<std::int64_t>(value));
    case 2:
      return toml_number(std::get<double>(value));
    default:
      return toml_string(std::get<std::string>(value));
  }
}

std::string toml_array(const std::vector<Scalar>& values) {
  std::string out = "[";
  for (const Scalar& value : values) {
    if (out.size() > 1) out += ", ";
    out += toml_scalar(value);
  }
  return out + "]";
}

}  // namespace binade::host
