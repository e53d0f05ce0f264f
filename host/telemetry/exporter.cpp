// prometheus-cpp's exposer, with its traps closed.
#include "host/telemetry/exporter.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <future>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <vector>

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

}  // namespace

Exporter::Exporter(const std::string& listen, const std::shared_ptr<prometheus::Collectable>& collectable) {
  const auto where = parse(listen);
  host_ = where.host;
  try {
    // Defaults would let two silent connections block every scrape for 30 s.
    exposer_ = std::make_unique<prometheus::Exposer>(std::vector<std::string>{
        "listening_ports", fmt::format("{}:{}", host_, where.port), "num_threads", "4", "request_timeout_ms", "2000"});
  } catch (const std::exception& exception) {
    const std::string cause = why_not(where);
    refuse(listen, cause.empty() ? exception.what() : cause);
  }
  port_ = exposer_->GetListeningPorts().at(0);
  address_ = fmt::format("http://{}:{}/metrics", host_, port_);
  exposer_->RegisterCollectable(collectable);
}

Exporter::~Exporter() {
  // civetweb's accepting thread sleeps up to 2 s before it sees that it shall end; a connection wakes it at once.
  auto stopped = std::async(std::launch::async, [this] { exposer_.reset(); });
  do {
    knock(host_, port_);
  } while (stopped.wait_for(std::chrono::milliseconds(10)) != std::future_status::ready);
}

}  // namespace binade::host
