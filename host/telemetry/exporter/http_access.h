// Who is answered: by the name under which a client came, and by a password.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/telemetry/exporter/http_request.h"

namespace binade::host {

// A page on the web may let its own name point at this machine, and have the visitor's browser ask here (DNS
// rebinding): the browser then says that name in the Host header, so only known names are answered.
class HttpAccess {
 public:
  struct Rules {
    std::string listen_address;              // IPv4, dotted
    std::vector<std::string> allowed_hosts;  // names and addresses, without ports
    std::string user, password;              // without a password nobody is asked for one
  };

  explicit HttpAccess(const Rules& rules);

  // What a client gets that is not to be answered. Any thread.
  std::optional<HttpAnswer> refusal(const HttpRequest& request) const;

 private:
  bool knows(const std::string& host) const;

  std::string listen_address_;
  std::vector<std::string> allowed_hosts_;
  std::string credentials_;  // as a client must send them; empty: nobody is asked
};

// "dXNlcjpwYXNz" for "user:pass".
std::string base64(const std::string& text);

// Takes as long for a wrong text as for the right one.
bool equal_in_constant_time(const std::string& given, const std::string& wanted);

}  // namespace binade::host
