#include "host/experiment/schema/text_forms.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace binade::host {
namespace {

std::optional<int> decimal(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool plain = !text.empty() && text.front() != '-' && error == std::errc{} && end == text.data() + text.size();
  return plain ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<double> parse_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    double seconds;
  };
  constexpr std::array<Unit, 4> units{{{"h", 3600}, {"m", 60}, {"s", 1}, {"ms", 1e-3}}};
  double total = 0;
  std::size_t next = 0;  // units come in this order, each at most once
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const auto digits = text.find_first_not_of("0123456789.");
    double count = 0;
    const auto number = text.substr(0, digits);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), count);
    const bool of_seconds = digits == std::string_view::npos && next == 0;  // "90", without a unit
    if (digits == 0 || (digits == std::string_view::npos && !of_seconds)) return std::nullopt;
    if (error != std::errc{} || end != number.data() + number.size()) return std::nullopt;
    if (of_seconds) return count;
    text.remove_prefix(digits);
    const auto unit_name = text.substr(0, text.find_first_of("0123456789."));
    while (next < units.size() && units[next].name != unit_name) ++next;
    if (next == units.size()) return std::nullopt;
    total += count * units[next++].seconds;
    text.remove_prefix(unit_name.size());
  }
  return total;
}

std::string duration_text(double seconds) {
  if (seconds > 0 && std::fmod(seconds, 3600) == 0) return fmt::format("{}h", seconds / 3600);
  if (seconds > 0 && std::fmod(seconds, 60) == 0) return fmt::format("{}m", seconds / 60);
  return fmt::format("{}s", seconds);
}

bool ListenAddress::loopback() const { return host == "localhost" || host == "::1" || host.starts_with("127."); }

std::optional<ListenAddress> parse_listen(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  auto host = text.substr(0, colon);
  const auto port = decimal(text.substr(colon + 1));
  if (!port || *port > 65535 || text.size() - colon > 6) return std::nullopt;
  if (host.front() == '[') {
    if (host.size() < 4 || host.back() != ']') return std::nullopt;
    host = host.substr(1, host.size() - 2);
    if (host.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) return std::nullopt;
  } else if (host.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") !=
             std::string_view::npos) {
    return std::nullopt;
  }
  return ListenAddress{std::string(host), *port};
}

bool is_device(std::string_view text) {
  if (text == "auto" || text == "cpu" || text == "cuda") return true;
  constexpr std::string_view numbered = "cuda:";
  if (!text.starts_with(numbered)) return false;
  const auto number = decimal(text.substr(numbered.size()));
  return number && text.size() <= numbered.size() + 3;
}

}  // namespace binade::host
