// Texts of a certain form: durations, addresses, devices.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace binade::host {

// Parses "90s", "5m", "1h30m", "1.5h", "500ms", "90" into seconds; returns nullopt for anything else.
std::optional<double> parse_duration(std::string_view text);
// "10m" for 600: such a text with one unit.
std::string duration_text(double seconds);

// Of "127.0.0.1:9464", "localhost:0", "[::1]:0".
struct ListenAddress {
  std::string host;  // without brackets
  int port = 0;
  bool loopback() const;
};
std::optional<ListenAddress> parse_listen(std::string_view text);

// "auto", "cpu", "cuda", "cuda:1"
bool is_device(std::string_view text);

}  // namespace binade::host
