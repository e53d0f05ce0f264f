// Rejects requests that two programs could interpret differently. Keeps only the headers that the server uses.
#include "host/telemetry/exporter/http_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace binade::host {
namespace {

constexpr std::string_view token_characters =
    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

bool is_token(std::string_view text) {
  return !text.empty() && text.find_first_not_of(token_characters) == std::string_view::npos;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// The lines of a head, without line ends and without the empty line.
std::vector<std::string_view> lines_of(std::string_view head) {
  std::vector<std::string_view> lines;
  while (!head.empty()) {
    const auto end = std::min(head.find('\n'), head.size());
    auto line = head.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) lines.push_back(line);
    head.remove_prefix(std::min(end + 1, head.size()));
  }
  return lines;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 1 < text.size() ? digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

// "/a/../b/./c" -> "/b/c". The result never leaves the root.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 1; begin <= path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    const auto part = path.substr(begin, end - begin);
    const bool last = end == path.size();
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (part != ".") {
      if (!part.empty() || last) parts.push_back(part);
    }
    if (last && (part == "." || part == "..")) parts.emplace_back();
    begin = end + 1;
  }
  std::string out;
  for (const auto part : parts) out += fmt::format("/{}", part);
  return out.empty() ? "/" : out;
}

bool parse_target(std::string_view target, HttpRequest& request) {
  if (target == "*") {  // as in OPTIONS, which is refused by its method
    request.path = target;
    return true;
  }
  if (!target.starts_with('/')) return false;
  const auto question = std::min(target.find('?'), target.size());
  const auto path = decoded(target.substr(0, question));
  if (!path) return false;
  request.path = without_dots(*path);
  request.query = target.substr(std::min(question + 1, target.size()));
  return true;
}

bool parse_header(std::string_view line, HttpRequest& request) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return false;
  const auto name = lower_case(line.substr(0, colon));
  const auto value = trimmed(line.substr(colon + 1));
  if (name == "host") {
    if (request.host) return false;
    request.host = value;
  } else if (name == "authorization") {
    request.authorization = value;
  } else if (name == "content-length") {
    return is_number(value);
  } else if (name == "x-prometheus-scrape-timeout-seconds") {
    request.from_prometheus = true;
  }
  return true;
}

std::string_view phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 421:
      return "Misdirected Request";
    case 431:
      return "Request Header Fields Too Large";
    default:
      return "Internal Server Error";
  }
}

}  // namespace

std::size_t head_size(std::string_view bytes) {
  constexpr std::string_view ends[] = {"\r\n\r\n", "\n\n"};
  auto size = std::string_view::npos;
  for (const auto end : ends) {
    const auto found = bytes.find(end);
    if (found != std::string_view::npos) size = std::min(size, found + end.size());
  }
  return size;
}

std::optional<HttpRequest> parse_request(std::string_view head) {
  const auto lines = lines_of(head);
  if (lines.empty() || std::any_of(lines.begin(), lines.end(), has_control_characters)) return std::nullopt;
  const auto first = lines.front();
  const auto after_method = first.find(' '), before_version = first.rfind(' ');
  if (after_method == std::string_view::npos || before_version == after_method) return std::nullopt;
  const auto target = first.substr(after_method + 1, before_version - after_method - 1);
  const auto version = first.substr(before_version + 1);
  HttpRequest request;
  request.method = first.substr(0, after_method);
  if (!is_token(request.method) || target.find(' ') != std::string_view::npos) return std::nullopt;
  if (version != "HTTP/1.0" && version != "HTTP/1.1") return std::nullopt;
  if (!parse_target(target, request)) return std::nullopt;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (!parse_header(lines[i], request)) return std::nullopt;
  }
  if (version == "HTTP/1.1" && !request.host) return std::nullopt;
  return request;
}

std::string wire_format(const HttpAnswer& answer, bool with_body) {
  // The page must not load anything from other servers, nor be shown in a frame.
  const auto head = fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\nCache-Control: no-store\r\n"
      "X-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'unsafe-inline'; connect-src 'self'; img-src data:; frame-ancestors 'none'\r\n{}\r\n",
      answer.status, phrase(answer.status), answer.content_type, answer.body.size(), answer.headers);
  return with_body ? head + answer.body : head;
}

}  // namespace binade::host
