// Decides which clients are answered, by host name and password.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/telemetry/exporter/http_request.h"

namespace binade::host {

// A web page can point its own host name at this machine and make the visitor's browser send requests to it (DNS
// rebinding). The browser then sends that name in the Host header, so only known names are accepted.
class HttpAccess {
 public:
  struct Rules {
    std::string listen_address;              // IPv4, dotted
    std::vector<std::string> allowed_hosts;  // names and addresses, without ports
    std::string user, password;              // an empty password disables authentication
  };

  explicit HttpAccess(const Rules& rules);

  // The answer for a client that is refused, or nullopt. Any thread.
  std::optional<HttpAnswer> refusal(const HttpRequest& request) const;

 private:
  bool knows(const std::string& host) const;

  std::string listen_address_;
  std::vector<std::string> allowed_hosts_;
  std::string credentials_;  // as a client must send them; empty: no authentication
};

// "dXNlcjpwYXNz" for "user:pass".
std::string base64(const std::string& text);

// Takes the same time for wrong and right credentials.
bool equal_in_constant_time(const std::string& given, const std::string& wanted);

}  // namespace binade::host
