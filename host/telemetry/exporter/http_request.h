// An HTTP request, read from bytes that anybody may have sent, and what it is answered.
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
  std::string query;                // what follows the question mark, as it came
  std::optional<std::string> host;  // as the client calls this server: "localhost:9464"
  std::string authorization;        // empty: there is none
  bool from_prometheus = false;     // or from one that scrapes as it does
};

struct HttpAnswer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::function<void()> sent;  // called when the whole body went out; may be empty
  std::string headers = {};    // further ones, each with its line end
};

// How many bytes of `bytes` are a request's head, its empty line included; npos while that has not come.
std::size_t head_size(std::string_view bytes);

// Of a whole head; nullopt where it is not one of HTTP/1.0 or HTTP/1.1, or not the only one that it can be read as.
std::optional<HttpRequest> parse_request(std::string_view head);

// The answer as it goes over the wire, closing the connection behind it.
std::string wire_format(const HttpAnswer& answer, bool with_body);

}  // namespace binade::host
