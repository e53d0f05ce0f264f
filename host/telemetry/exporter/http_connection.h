// One client's connection, from its request to its end. Nothing here waits.
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

  // answering: the request has come whole, and the answer is somebody else's to make; closing: the answer went out.
  enum class State { reading, answering, writing, closing, ended };

  HttpConnection(Socket&& socket, std::chrono::milliseconds patience);

  State state() const { return state_; }
  int fd() const { return socket_.fd(); }
  bool reads() const { return state_ == State::reading || state_ == State::closing; }
  // By when the request must have come whole, or more of the answer must have been taken.
  Clock::time_point deadline() const { return deadline_; }

  // Reads or writes what can be without waiting. Ends at the deadline, or when the client has gone.
  void advance();

  // While `answering`, on any thread: an answer is made of the request.
  template <class Answer>
  void answer(Answer&& answer_to) {
    HttpAnswer answer = answer_to(head());
    wire_ = wire_format(answer, !head().starts_with("HEAD "));
    sent_ = std::move(answer.sent);
  }
  // After that, on the serving thread.
  void begin_writing();

  static constexpr std::size_t longest_head = 16384;

 private:
  // As long as it may be, or as far as a longer one has come.
  std::string_view head() const { return std::string_view(request_).substr(0, head_size(request_)); }
  void receive();
  void transmit();
  void drain();
  void end_unless_waiting(int error);

  Socket socket_;
  std::chrono::milliseconds patience_;
  State state_ = State::reading;
  Clock::time_point deadline_;
  std::string request_;  // as far as it came
  std::string wire_;     // the answer
  std::size_t written_ = 0;
  std::function<void()> sent_;
};

}  // namespace binade::host
