// An HTTP request, parsed from untrusted bytes, and its answer.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace binade::host {

struct HttpRequest {
  std::string method;               // "GET"
  std::string path;                 // decoded, without . and ..
  std::string query;                // the part after the question mark, not decoded
  std::optional<std::string> host;  // the Host header: "localhost:9464"
  std::string authorization;        // empty if there is none
  bool from_prometheus = false;     // or from a compatible scraper
};

struct HttpAnswer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::function<void()> sent;  // called when the whole body has been sent; may be empty
  std::string headers = {};    // additional headers, each with its line end
};

// The size of a request's head in `bytes`, including its empty line; npos while the head is incomplete.
std::size_t head_size(std::string_view bytes);

// Parses a complete head. Returns nullopt if it is not valid HTTP/1.0 or HTTP/1.1, or is ambiguous.
std::optional<HttpRequest> parse_request(std::string_view head);

// The serialized answer, which tells the client that the connection will be closed.
std::string wire_format(const HttpAnswer& answer, bool with_body);

}  // namespace binade::host
