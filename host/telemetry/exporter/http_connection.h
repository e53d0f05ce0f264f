// One client's connection. Nothing here blocks.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>

#include "host/telemetry/exporter/http_request.h"
#include "host/telemetry/exporter/listening_socket.h"

namespace binade::host {

class HttpConnection {
 public:
  using Clock = std::chrono::steady_clock;

  // answering: the request is complete and another thread makes the answer. closing: the answer has been sent.
  enum class State { reading, answering, writing, closing, ended };

  HttpConnection(Socket&& socket, std::chrono::milliseconds patience);

  State state() const { return state_; }
  int fd() const { return socket_.fd(); }
  bool reads() const { return state_ == State::reading || state_ == State::closing; }
  // The time by which the request must be complete, or the client must have received more of the answer.
  Clock::time_point deadline() const { return deadline_; }

  // Reads or writes as much as possible without blocking. Ends the connection at the deadline or when the client is
  // gone.
  void advance();

  // Makes the answer to the request. Call in state `answering`, on any thread.
  template <class Answer>
  void answer(Answer&& answer_to) {
    HttpAnswer answer = answer_to(head());
    wire_ = wire_format(answer, !head().starts_with("HEAD "));
    sent_ = std::move(answer.sent);
  }
  // Must be called after answer(), on the serving thread.
  void begin_writing();

  static constexpr std::size_t longest_head = 16384;

 private:
  // The request's head; if it is too long, as much of it as was received.
  std::string_view head() const { return std::string_view(request_).substr(0, head_size(request_)); }
  void receive();
  void transmit();
  void drain();
  void end_unless_waiting(int error);

  Socket socket_;
  std::chrono::milliseconds patience_;
  State state_ = State::reading;
  Clock::time_point deadline_;
  std::string request_;  // received so far
  std::string wire_;     // the answer
  std::size_t written_ = 0;
  std::function<void()> sent_;
};

}  // namespace binade::host
