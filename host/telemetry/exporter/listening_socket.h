// RAII for sockets, and a listening socket.
#pragma once

#include <string>

namespace binade::host {

// Closes the socket in its destructor.
class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  ~Socket();
  Socket(Socket&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Socket& operator=(Socket&&) = delete;

  int fd() const { return fd_; }  // negative if there is no socket

 private:
  int fd_;
};

struct ListeningSocket {
  // "ADDRESS:PORT", or "PORT" for 127.0.0.1. Port 0 picks a free one. The socket is non-blocking. Throws
  // std::runtime_error with a message for the user.
  explicit ListeningSocket(const std::string& listen);

  std::string host;  // IPv4, dotted
  int port = 0;      // the actual port
  Socket socket;
};

}  // namespace binade::host
