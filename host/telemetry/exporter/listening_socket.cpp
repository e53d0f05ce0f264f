// Parses the address and explains why it cannot be used.
#include "host/telemetry/exporter/listening_socket.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace binade::host {
namespace {

[[noreturn]] void refuse(const std::string& listen, std::string_view why) {
  throw std::runtime_error(fmt::format("metrics: cannot listen on \"{}\": {}", listen, why));
}

sockaddr_in socket_address(const std::string& listen, const std::string& host, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) == 1) return address;
  refuse(listen, "write ADDRESS:PORT with an IPv4 address, such as 127.0.0.1:9464, or 0.0.0.0:9464 for every network");
}

int port_of(const std::string& listen, std::string_view digits) {
  int port = -1;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), port);
  if (error == std::errc() && end == digits.end() && port >= 0 && port <= 65535) return port;
  refuse(listen, "the port must be a number from 0 to 65535; 0 picks a free one");
}

std::string host_of(const std::string& listen) {
  if (listen.ends_with('s')) refuse(listen, "TLS is not supported; use a reverse proxy or an SSH tunnel");
  if (listen.starts_with('[') || std::count(listen.begin(), listen.end(), ':') > 1) {
    refuse(listen, "IPv6 is not supported; use an IPv4 address, such as 127.0.0.1:9464");
  }
  const auto colon = listen.rfind(':');
  const auto host = colon == std::string::npos ? "127.0.0.1" : listen.substr(0, colon);
  return host == "localhost" ? "127.0.0.1" : host;
}

[[noreturn]] void refuse_for(const std::string& listen, int error) {
  const auto text = std::system_category().message(error);
  if (error == EADDRINUSE) refuse(listen, text + "; choose another port, or 0 for a free one");
  if (error == EADDRNOTAVAIL) refuse(listen, text + ": this machine does not have that address");
  if (error == EACCES) refuse(listen, text + ": ports below 1024 need privileges");
  refuse(listen, text);
}

}  // namespace

Socket::~Socket() {
  if (fd_ >= 0) close(fd_);
}

ListeningSocket::ListeningSocket(const std::string& listen)
    : host(host_of(listen)), socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  const auto colon = listen.rfind(':');
  port = port_of(listen, std::string_view(listen).substr(colon == std::string::npos ? 0 : colon + 1));
  auto address = socket_address(listen, host, port);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  const int on = 1;
  setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(socket.fd(), generic, sizeof(address)) != 0) refuse_for(listen, errno);
  if (::listen(socket.fd(), SOMAXCONN) != 0) refuse_for(listen, errno);
  socklen_t size = sizeof(address);
  if (getsockname(socket.fd(), generic, &size) != 0) refuse_for(listen, errno);
  port = ntohs(address.sin_port);
}

}  // namespace binade::host
