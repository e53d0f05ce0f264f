// One thread reads and writes all connections; a few others make the answers.
#include "host/telemetry/exporter/http_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <list>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

#include "host/telemetry/exporter/http_access.h"
#include "host/telemetry/exporter/http_connection.h"
#include "host/telemetry/exporter/listening_socket.h"

namespace binade::host {
namespace {

using Clock = HttpConnection::Clock;
using State = HttpConnection::State;

constexpr std::size_t answering_threads = 4;
constexpr std::chrono::milliseconds accept_pause(100);  // after running out of file descriptors

}  // namespace

class HttpServer::Connections {
 public:
  Connections(const HttpOptions& options, Handler handler)
      : listening_(options.listen),
        access_({listening_.host, options.allowed_hosts, options.user, options.password}),
        handler_(std::move(handler)),
        patience_(options.patience),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (wake_.fd() < 0) throw std::runtime_error("metrics: no file descriptor is available for the HTTP server");
    to_answer_.reserve(max_connections);
    answered_.reserve(max_connections);
    try {
      threads_.emplace_back([this] { serve(); });
      for (std::size_t i = 0; i < answering_threads; ++i) threads_.emplace_back([this] { make_answers(); });
    } catch (const std::exception&) {
      stop();
      throw;
    }
  }
  ~Connections() { stop(); }

  const ListeningSocket& listening() const { return listening_; }

 private:
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    asked_.notify_all();
    wake();
    for (auto& thread : threads_) thread.join();
  }

  // ---- the serving thread
  void serve() {
    while (!stopped()) {
      try {
        wait();
        begin_answers();
        std::erase_if(connections_, [](const HttpConnection& one) { return one.state() == State::ended; });
        accept_waiting();
      } catch (const std::exception&) {  // out of memory
        shed();
      }
    }
  }

  // Waits for an event or the next deadline, and advances the connections concerned.
  void wait() {
    const auto now = Clock::now();
    const bool accepts = now >= accept_after_;
    auto until = accepts ? now + std::chrono::hours(1) : accept_after_;
    polled_.assign({{wake_.fd(), POLLIN, 0}, {accepts ? listening_.socket.fd() : -1, POLLIN, 0}});
    waiting_.clear();
    for (auto& connection : connections_) {
      if (connection.state() == State::answering) continue;
      polled_.push_back({connection.fd(), static_cast<short>(connection.reads() ? POLLIN : POLLOUT), 0});
      waiting_.push_back(&connection);
      until = std::min(until, connection.deadline());
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
    poll(polled_.data(), polled_.size(), static_cast<int>(std::max<std::int64_t>(left, 0)));
    std::uint64_t ignored = 0;
    static_cast<void>(read(wake_.fd(), &ignored, sizeof(ignored)));
    const auto later = Clock::now();
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      if (polled_[i + 2].revents != 0 || later >= waiting_[i]->deadline()) advance(*waiting_[i]);
    }
  }

  void advance(HttpConnection& connection) {
    connection.advance();
    if (connection.state() != State::answering) return;
    const std::lock_guard lock(mutex_);
    to_answer_.push_back(&connection);
    asked_.notify_one();
  }

  void accept_waiting() {
    constexpr int at_once = 64;
    for (int i = 0; i < at_once && polled_[1].revents != 0; ++i) {
      Socket socket(accept4(listening_.socket.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (socket.fd() >= 0) {
        if (connections_.size() >= max_connections && !shed())
          continue;  // all others are being answered: close this one
        // Its request has often arrived already: read it now, so that the connection does not count as silent.
        advance(connections_.emplace_back(std::move(socket), patience_));
      } else if (errno != EMFILE && errno != ENFILE) {
        return;  // no more clients are waiting
      } else if (!shed()) {
        accept_after_ = Clock::now() + accept_pause;
        return;
      }
    }
  }

  // Makes room by closing a connection: the oldest one that has its answer, else the oldest without a request, else the
  // oldest that does not read its answer.
  bool shed() {
    for (const auto state : {State::ended, State::closing, State::reading, State::writing}) {
      const auto oldest = std::find_if(connections_.begin(), connections_.end(),
                                       [&](const HttpConnection& connection) { return connection.state() == state; });
      if (oldest == connections_.end()) continue;
      connections_.erase(oldest);
      return true;
    }
    return false;
  }

  // ---- between the threads
  void begin_answers() {
    const std::lock_guard lock(mutex_);
    for (auto* connection : answered_) connection->begin_writing();
    answered_.clear();
  }

  bool stopped() {
    const std::lock_guard lock(mutex_);
    return stop_;
  }

  void wake() const {
    const std::uint64_t one = 1;
    static_cast<void>(write(wake_.fd(), &one, sizeof(one)));
  }

  // ---- the answering threads
  void make_answers() {
    std::unique_lock lock(mutex_);
    for (;;) {
      asked_.wait(lock, [this] { return stop_ || !to_answer_.empty(); });
      if (stop_) return;
      auto* const connection = to_answer_.front();
      to_answer_.erase(to_answer_.begin());
      lock.unlock();
      try {
        connection->answer([this](std::string_view head) { return answer_to(head); });
      } catch (const std::exception&) {  // out of memory: the connection is closed without an answer
      }
      lock.lock();
      answered_.push_back(connection);
      wake();
    }
  }

  HttpAnswer answer_to(std::string_view head) const {
    if (head.size() > HttpConnection::longest_head) return refusal(431, "the request's head is larger than 16 KiB\n");
    const auto request = parse_request(head);
    if (!request) return refusal(400, "this is not an HTTP/1.0 or HTTP/1.1 request\n");
    if (auto refused = access_.refusal(*request)) return std::move(*refused);
    if (request->method != "GET" && request->method != "HEAD") {
      auto answer = refusal(405, "this server answers only GET and HEAD\n");
      answer.headers = "Allow: GET, HEAD\r\n";
      return answer;
    }
    try {
      return handler_(*request);
    } catch (const std::exception& error) {
      return refusal(500, std::string(error.what()) + "\n");
    }
  }

  static HttpAnswer refusal(int status, std::string text) {
    HttpAnswer answer;
    answer.status = status;
    answer.body = std::move(text);
    return answer;
  }

  const ListeningSocket listening_;
  const HttpAccess access_;
  const Handler handler_;
  const std::chrono::milliseconds patience_;
  const Socket wake_;

  // Used by the serving thread only, except for a connection that is being answered, which belongs to an answering
  // thread.
  std::list<HttpConnection> connections_;  // oldest first
  std::vector<pollfd> polled_;
  std::vector<HttpConnection*> waiting_;  // the connections of polled_[2], polled_[3], ...
  Clock::time_point accept_after_{};

  std::mutex mutex_;
  std::condition_variable asked_;
  bool stop_ = false;                       // guarded by mutex_, like the next two, which never reallocate
  std::vector<HttpConnection*> to_answer_;  // oldest first
  std::vector<HttpConnection*> answered_;
  std::vector<std::thread> threads_;  // last: they use all of the above
};

HttpServer::HttpServer(const HttpOptions& options, Handler handler)
    : connections_(std::make_unique<Connections>(options, std::move(handler))) {}

HttpServer::~HttpServer() = default;

const std::string& HttpServer::host() const { return connections_->listening().host; }
int HttpServer::port() const { return connections_->listening().port; }

}  // namespace binade::host
