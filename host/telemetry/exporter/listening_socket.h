// A socket, and one that listens.
#pragma once

#include <string>

namespace binade::host {

// Closes itself.
class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  ~Socket();
  Socket(Socket&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Socket& operator=(Socket&&) = delete;

  int fd() const { return fd_; }  // negative: there is none

 private:
  int fd_;
};

struct ListeningSocket {
  // "ADDRESS:PORT" or "PORT", which means 127.0.0.1; port 0 takes a free one. Neither this nor what it accepts ever
  // blocks. Throws std::runtime_error with a message for the user.
  explicit ListeningSocket(const std::string& listen);

  std::string host;  // IPv4, dotted
  int port = 0;      // that was really taken
  Socket socket;
};

}  // namespace binade::host
