// Reads a complete request, then writes the complete answer.
#include "host/telemetry/exporter/http_connection.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace binade::host {

HttpConnection::HttpConnection(Socket&& socket, std::chrono::milliseconds patience)
    : socket_(std::move(socket)), patience_(patience), deadline_(Clock::now() + patience) {}

void HttpConnection::advance() {
  if (state_ == State::answering || state_ == State::ended) return;
  if (Clock::now() >= deadline_) {
    state_ = State::ended;
    return;
  }
  if (state_ == State::reading) return receive();
  if (state_ == State::writing) transmit();
  if (state_ == State::closing) drain();
}

void HttpConnection::begin_writing() {
  state_ = State::writing;
  deadline_ = Clock::now() + patience_;
  transmit();
}

void HttpConnection::receive() {
  std::array<char, 4096> part{};
  for (;;) {
    const auto got = recv(socket_.fd(), part.data(), part.size(), 0);
    if (got < 0) return end_unless_waiting(errno);
    request_.append(part.data(), static_cast<std::size_t>(got));
    if (head_size(request_) != std::string::npos || request_.size() > longest_head) {
      state_ = State::answering;
      return;
    }
    if (got == 0) {
      state_ = State::ended;
      return;
    }
  }
}

void HttpConnection::transmit() {
  const auto left = std::string_view(wire_).substr(written_);
  const auto sent = send(socket_.fd(), left.data(), left.size(), MSG_NOSIGNAL);
  if (sent < 0) return end_unless_waiting(errno);
  written_ += static_cast<std::size_t>(sent);
  deadline_ = Clock::now() + patience_;
  if (written_ < wire_.size()) return;
  if (sent_) sent_();
  // If the client sent more than was read, closing immediately would reset the connection and lose the answer.
  shutdown(socket_.fd(), SHUT_WR);
  state_ = State::closing;
}

void HttpConnection::drain() {
  std::array<char, 4096> ignored{};
  ssize_t got = 0;
  do {
    got = recv(socket_.fd(), ignored.data(), ignored.size(), 0);
  } while (got > 0 && Clock::now() < deadline_);
  if (got >= 0) {
    state_ = State::ended;
  } else {
    end_unless_waiting(errno);
  }
}

void HttpConnection::end_unless_waiting(int error) {
  if (error != EAGAIN && error != EWOULDBLOCK && error != EINTR) state_ = State::ended;
}

}  // namespace binade::host
