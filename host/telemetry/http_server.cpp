// civetweb, with its traps closed.
#include "host/telemetry/http_server.h"

#include <arpa/inet.h>
#include <civetweb.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <future>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace binade::host {
namespace {

struct Listen {
  std::string host;  // IPv4, dotted
  int port;
};

[[noreturn]] void refuse(const std::string& listen, std::string_view why) {
  throw std::runtime_error(fmt::format("metrics: cannot listen on \"{}\": {}", listen, why));
}

sockaddr_in socket_address(const std::string& host, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) address.sin_family = AF_UNSPEC;
  return address;
}

Listen parse(const std::string& listen) {
  // As "9464s" it would be TLS, with which Debian's civetweb crashes.
  if (listen.ends_with('s')) refuse(listen, "TLS is not offered here; put a reverse proxy or an SSH tunnel in front");
  if (listen.starts_with('[') || std::count(listen.begin(), listen.end(), ':') > 1) {
    refuse(listen, "IPv6 is not supported; give an IPv4 address, such as 127.0.0.1:9464");
  }
  const auto colon = listen.rfind(':');
  std::string host = colon == std::string::npos ? "127.0.0.1" : listen.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  const auto digits = std::string_view(listen).substr(colon == std::string::npos ? 0 : colon + 1);
  int port = -1;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), port);
  if (error != std::errc() || end != digits.end() || port < 0 || port > 65535) {
    refuse(listen, "the port must be a number from 0 to 65535; 0 takes a free one");
  }
  if (socket_address(host, port).sin_family != AF_INET) {
    refuse(listen,
           "write ADDRESS:PORT with an IPv4 address, such as 127.0.0.1:9464, or 0.0.0.0:9464 for every network");
  }
  return {host, port};
}

// A socket that closes itself.
class Socket {
 public:
  explicit Socket(int flags = 0) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

// civetweb says only that there may be a problem with the port: tries the same again and asks the system.
std::string why_not(const Listen& listen) {
  const Socket socket;
  const int on = 1;
  setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const auto address = socket_address(listen.host, listen.port);
  const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
  if (bind(socket.fd(), generic, sizeof(address)) == 0 && ::listen(socket.fd(), 1) == 0) return "";
  const int error = errno;
  std::string text = std::system_category().message(error);
  if (error == EADDRINUSE) return text + "; choose another port, or 0 for a free one";
  if (error == EADDRNOTAVAIL) return text + ": this machine has no such address";
  if (error == EACCES) return text + ": ports below 1024 need privileges";
  return text;
}

// Connects once and hangs up; whether anyone answered does not matter.
void knock(const std::string& host, int port) {
  const Socket socket(SOCK_NONBLOCK);
  const auto address = socket_address(host, port);
  static_cast<void>(connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
}

bool may_read(const std::string& wanted, const mg_connection* connection) {
  constexpr std::string_view scheme = "Basic ";
  const char* header = mg_get_header(connection, "Authorization");
  if (header == nullptr || strncasecmp(header, scheme.data(), scheme.size()) != 0) return false;
  return equal_in_constant_time(header + scheme.size(), wanted);
}

HttpRequest request_of(const mg_connection* connection) {
  const mg_request_info& info = *mg_get_request_info(connection);
  return {info.local_uri, info.query_string != nullptr ? info.query_string : "",
          mg_get_header(connection, "X-Prometheus-Scrape-Timeout-Seconds") != nullptr};
}

bool send(mg_connection* connection, const HttpAnswer& answer, std::string_view more_headers, bool with_body) {
  // The page may load nothing from elsewhere, and nobody may show it in a frame.
  const auto head = fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\nCache-Control: no-store\r\n"
      "X-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'unsafe-inline'; connect-src 'self'; img-src data:; frame-ancestors 'none'\r\n{}\r\n",
      answer.status, mg_get_response_code_text(connection, answer.status), answer.content_type, answer.body.size(),
      more_headers);
  const auto all = with_body ? head + answer.body : head;
  return mg_write(connection, all.data(), all.size()) == static_cast<int>(all.size());
}

}  // namespace

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

struct HttpServer::Running {
  Handler handler;
  std::string credentials;  // as a client must send them; empty: nobody is asked
  mg_context* server = nullptr;

  static int answer(mg_connection* connection) noexcept {
    auto& self = *static_cast<Running*>(mg_get_user_data(mg_get_context(connection)));
    try {
      return self.answer_request(connection);
    } catch (const std::exception&) {
      return 500;  // out of memory: nothing more to say
    }
  }

  int answer_request(mg_connection* connection) const {
    const std::string_view method = mg_get_request_info(connection)->request_method;
    HttpAnswer answer;
    std::string headers;
    if (!credentials.empty() && !may_read(credentials, connection)) {
      answer = {401, answer.content_type, "user and password, please\n", {}};
      headers = "WWW-Authenticate: Basic realm=\"binade\", charset=\"UTF-8\"\r\n";
    } else if (method != "GET" && method != "HEAD") {
      answer = {405, answer.content_type, "this server only answers GET\n", {}};
      headers = "Allow: GET, HEAD\r\n";
    } else {
      try {
        answer = handler(request_of(connection));
      } catch (const std::exception& error) {
        answer = {500, answer.content_type, std::string(error.what()) + "\n", {}};
      }
    }
    const bool sent = send(connection, answer, headers, method != "HEAD");
    if (sent && answer.sent) answer.sent();
    return answer.status;
  }
};

HttpServer::HttpServer(const HttpOptions& options, Handler handler) : running_(std::make_unique<Running>()) {
  const auto where = parse(options.listen);
  host_ = where.host;
  running_->handler = std::move(handler);
  if (!options.password.empty()) running_->credentials = base64(options.user + ":" + options.password);
  const auto listen = fmt::format("{}:{}", host_, where.port);
  // By default two silent connections would block every other for 30 s.
  std::array<const char*, 11> settings{"listening_ports",
                                       listen.c_str(),
                                       "num_threads",
                                       "16",
                                       "request_timeout_ms",
                                       "2000",
                                       "connection_queue",
                                       "256",
                                       "tcp_nodelay",
                                       "1",
                                       nullptr};
  mg_callbacks callbacks{};
  callbacks.begin_request = &Running::answer;
  callbacks.log_message = [](const mg_connection*, const char*) { return 1; };  // not to stderr
  running_->server = mg_start(&callbacks, running_.get(), settings.data());
  if (running_->server == nullptr) {
    const auto cause = why_not(where);
    refuse(options.listen, cause.empty() ? "the HTTP server did not start" : cause);
  }
  mg_server_port port{};
  mg_get_server_ports(running_->server, 1, &port);
  port_ = port.port;
}

HttpServer::~HttpServer() {
  // civetweb's accepting thread sleeps up to 2 s before it sees that it shall end; a connection wakes it at once.
  auto stopped = std::async(std::launch::async, [this] { mg_stop(running_->server); });
  do {
    knock(host_, port_);
  } while (stopped.wait_for(std::chrono::milliseconds(10)) != std::future_status::ready);
}

}  // namespace binade::host
