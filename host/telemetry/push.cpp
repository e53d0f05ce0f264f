// Sends one POST request. prometheus-cpp's gateway has no time limit, and its libcurl would load thirty libraries at
// each start.
#include "host/telemetry/push.h"

#include <fmt/format.h>
#include <netdb.h>
#include <prometheus/collectable.h>
#include <prometheus/text_serializer.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <future>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>

#include "host/experiment/secrets.h"

namespace binade::host {
namespace {

constexpr std::array<std::string_view, 11> outcome{"binade_run_info",
                                                   "binade_run_start_timestamp_seconds",
                                                   "binade_run_end_timestamp_seconds",
                                                   "binade_run_state",
                                                   "binade_step",
                                                   "binade_epoch",
                                                   "binade_loss",
                                                   "binade_loss_smoothed",
                                                   "binade_accuracy_ratio",
                                                   "binade_optimizer_steps_total",
                                                   "binade_amp_loss_scale"};

std::string reason() { return std::system_category().message(errno); }

class Connection {
 public:
  // Each operation takes at most `limit`.
  Connection(const PushAddress& to, std::chrono::milliseconds limit) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = getaddrinfo(to.host.c_str(), to.port.c_str(), &hints, &found);
    if (error != 0) throw std::runtime_error(gai_strerror(error));
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
    timeval time{};
    time.tv_sec = limit.count() / 1000;
    time.tv_usec = limit.count() % 1000 * 1000;
    for (const addrinfo* one = found; one != nullptr && !connected_; one = one->ai_next) {
      if (file_ >= 0) close(file_);
      file_ = socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
      setsockopt(file_, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
      setsockopt(file_, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
      connected_ = connect(file_, one->ai_addr, one->ai_addrlen) == 0;
    }
    if (!connected_) throw std::runtime_error(reason());
  }
  ~Connection() {
    if (file_ >= 0) close(file_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send(std::string_view text) const {
    while (!text.empty()) {
      const auto sent = ::send(file_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent < 0) throw std::runtime_error(reason());
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  std::string receive() const {
    std::array<char, 4096> part{};
    const auto got = recv(file_, part.data(), part.size(), 0);
    if (got < 0) throw std::runtime_error("no answer: " + reason());
    return {part.data(), static_cast<std::size_t>(got)};
  }

 private:
  int file_ = -1;
  bool connected_ = false;
};

std::string post(const PushAddress& to, const std::string& run_id, const std::string& text,
                 std::chrono::milliseconds limit) {
  try {
    const Connection connection(to, limit);
    connection.send(
        fmt::format("POST {}/metrics/job/binade/run_id/{} HTTP/1.1\r\nHost: {}:{}\r\nConnection: close\r\n"
                    "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\n\r\n{}",
                    to.prefix, run_id, to.host, to.port, text.size(), text));
    const auto answer = connection.receive();
    const bool accepted = answer.starts_with("HTTP/1.") && answer.find(" 20") == std::string_view("HTTP/1.1").size();
    return accepted ? "" : "it answered: " + answer.substr(0, answer.find('\r'));
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

PushAddress parse_push(const std::string& url) {
  constexpr std::string_view scheme = "http://";
  const auto refuse = [&](std::string_view why) {
    throw std::invalid_argument(fmt::format("cannot push to \"{}\": {}", without_passwords(url), why));
  };
  if (url.starts_with("https://")) refuse("TLS is not supported; push to a proxy on this machine");
  if (!url.starts_with(scheme)) refuse("write http://HOST:PORT");
  const auto rest = url.substr(scheme.size());
  const auto slash = std::min(rest.find('/'), rest.size());
  const auto colon = std::min(rest.rfind(':', slash), slash);
  PushAddress address{rest.substr(0, colon), colon == slash ? "80" : rest.substr(colon + 1, slash - colon - 1),
                      rest.substr(slash)};
  while (address.prefix.ends_with('/')) address.prefix.pop_back();
  const bool number = !address.port.empty() && address.port.find_first_not_of("0123456789") == std::string::npos;
  if (address.host.empty() || !number) refuse("write http://HOST:PORT");
  if (url.find_first_of(" \r\n\t?#@") != std::string::npos) refuse("it contains invalid characters");
  return address;
}

std::string outcome_text(const prometheus::Collectable& collectable) {
  auto families = collectable.Collect();
  std::erase_if(families, [](const auto& family) {
    return std::find(outcome.begin(), outcome.end(), family.name) == outcome.end();
  });
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, families);
  return text.str();
}

std::string push(const PushAddress& to, const std::string& run_id, const std::string& text,
                 std::chrono::milliseconds limit) {
  const auto result = std::make_shared<std::promise<std::string>>();
  auto done = result->get_future();
  std::thread([=] { result->set_value(post(to, run_id, text, limit)); }).detach();
  if (done.wait_for(limit) == std::future_status::ready) return done.get();
  return fmt::format("no answer within {} ms", limit.count());
}

}  // namespace binade::host
