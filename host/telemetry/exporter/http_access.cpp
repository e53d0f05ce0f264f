// Checks the host name first, then the password.
#include "host/telemetry/exporter/http_access.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace binade::host {
namespace {

bool is_address(int family, const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(family, text.c_str(), address.data()) == 1;
}

// "localhost" of "LocalHost.:9464", "::1" of "[::1]:9464"
std::string name_of(std::string_view host) {
  std::string_view name;
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    name = end == std::string_view::npos ? std::string_view() : host.substr(1, end - 1);
  } else {
    name = host.substr(0, host.rfind(':'));
    if (name.ends_with('.')) name.remove_suffix(1);
  }
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

bool is_loopback(const std::string& name) {
  return name == "localhost" || name == "::1" || (name.starts_with("127.") && is_address(AF_INET, name));
}

}  // namespace

HttpAccess::HttpAccess(const Rules& rules) : listen_address_(rules.listen_address) {
  for (const auto& host : rules.allowed_hosts) {
    allowed_hosts_.push_back(is_address(AF_INET6, host) ? host : name_of(host));
  }
  if (!rules.password.empty()) credentials_ = base64(rules.user + ":" + rules.password);
}

bool HttpAccess::knows(const std::string& host) const {
  const auto name = name_of(host);
  if (is_loopback(name) || name == listen_address_) return true;
  // A server on all interfaces may have addresses that it does not know, for example behind a router. Accepting any
  // numeric address is safe, because DNS rebinding needs a name.
  if (listen_address_ == "0.0.0.0" && (is_address(AF_INET, name) || is_address(AF_INET6, name))) return true;
  return std::find(allowed_hosts_.begin(), allowed_hosts_.end(), name) != allowed_hosts_.end();
}

std::optional<HttpAnswer> HttpAccess::refusal(const HttpRequest& request) const {
  HttpAnswer answer;
  if (request.host && !knows(*request.host)) {
    answer.status = 421;
    answer.body = fmt::format(
        "this server does not accept the host name \"{}\": use its address, or add the name to [metrics] "
        "allowed_hosts in the experiment\n",
        name_of(*request.host));
    return answer;
  }
  if (credentials_.empty()) return std::nullopt;
  constexpr std::string_view scheme = "Basic ";
  const auto& given = request.authorization;
  const bool basic = given.size() >= scheme.size() && strncasecmp(given.c_str(), scheme.data(), scheme.size()) == 0;
  if (basic && equal_in_constant_time(given.substr(scheme.size()), credentials_)) return std::nullopt;
  answer.status = 401;
  answer.body = "user and password are required\n";
  answer.headers = "WWW-Authenticate: Basic realm=\"binade\", charset=\"UTF-8\"\r\n";
  return answer;
}

std::string base64(const std::string& text) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string encoded;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
    const unsigned bits = byte(i) << 16U | byte(i + 1) << 8U | byte(i + 2);
    for (unsigned digit = 0; digit < 4; ++digit) {
      encoded += i + digit <= text.size() ? digits[bits >> (18U - 6U * digit) & 63U] : '=';
    }
  }
  return encoded;
}

bool equal_in_constant_time(const std::string& given, const std::string& wanted) {
  unsigned difference = given.size() == wanted.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    difference |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(wanted[i % wanted.size()]);
  }
  return difference == 0;
}

}  // namespace binade::host
