// Silent, slow and many clients, and other clients beside them. No test depends on a clock: the server's patience is an
// hour where it must not help.
#include "host/telemetry/exporter/http_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <list>
#include <mutex>
#include <string>
#include <string_view>

namespace binade::host {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::chrono::hours for_ever(1);

class Client {
 public:
  Client() : fd_(socket(AF_INET, SOCK_STREAM, 0)) {}
  explicit Client(const HttpServer& server) : Client() { connect_to(server); }
  ~Client() { close(fd_); }
  Client(const Client&) = delete;

  void connect_to(const HttpServer& server) const {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(server.port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  void say(std::string_view text) const {
    EXPECT_EQ(send(fd_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  // All until the server closes.
  std::string hear() const {
    std::string heard;
    std::array<char, 4096> part{};
    for (ssize_t got = 0; (got = recv(fd_, part.data(), part.size(), 0)) > 0;) {
      heard.append(part.data(), static_cast<std::size_t>(got));
    }
    return heard;
  }
  bool is_closed() const {
    char byte = 0;
    return recv(fd_, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
  }

 private:
  int fd_;
};

constexpr std::string_view request = "GET /path HTTP/1.1\r\nHost: localhost\r\n\r\n";

std::string ask(const HttpServer& server, std::string_view what = request) {
  const Client client(server);
  client.say(what);
  return client.hear();
}

HttpAnswer hello(const HttpRequest& asked) { return {200, "text/plain", "hello " + asked.path, {}}; }

HttpOptions patient(std::chrono::milliseconds patience = for_ever) {
  HttpOptions options;
  options.listen = "127.0.0.1:0";
  options.patience = patience;
  return options;
}

TEST(HttpServer, AnswersARequest) {
  const HttpServer server(patient(), hello);
  EXPECT_THAT(ask(server), AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("Content-Length: 11\r\n"),
                                 EndsWith("\r\n\r\nhello /path")));
  EXPECT_THAT(ask(server, "HEAD /path HTTP/1.0\r\n\r\n"),
              AllOf(HasSubstr("Content-Length: 11\r\n"), EndsWith("\r\n\r\n")));
}

TEST(HttpServer, ReadsARequestThatComesInPieces) {
  const HttpServer server(patient(), hello);
  const Client client(server);
  for (const char& c : request) client.say({&c, 1});
  EXPECT_THAT(client.hear(), EndsWith("hello /path"));
}

TEST(HttpServer, SendsALargeAnswerWhole) {
  const HttpServer server(patient(), [](const HttpRequest&) {
    return HttpAnswer{200, "text/plain", std::string(20'000'000, 'x'), {}};
  });
  EXPECT_THAT(ask(server).size(), testing::Gt(20'000'000U));
}

TEST(HttpServer, RefusesWhatItDoesNotServe) {
  const HttpServer server(patient(), [](const HttpRequest&) -> HttpAnswer { throw std::runtime_error("the cause"); });
  EXPECT_THAT(ask(server), AllOf(StartsWith("HTTP/1.1 500 "), EndsWith("the cause\n")));
  EXPECT_THAT(ask(server, "nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask(server, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx"),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("\r\nAllow: GET, HEAD\r\n")));
  EXPECT_THAT(ask(server, "GET /" + std::string(100'000, 'a')), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(ask(server, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 421 Misdirected Request\r\n"), HasSubstr("allowed_hosts")));
}

TEST(HttpServer, AnswersAmongAnyNumberOfSilentConnections) {
  const HttpServer server(patient(), hello);
  std::list<Client> silent;
  for (const std::size_t count : {40U, 80U, 474U}) {
    while (silent.size() < count) silent.emplace_back(server);
    EXPECT_THAT(ask(server), EndsWith("hello /path")) << count;
  }
  EXPECT_TRUE(silent.front().is_closed()) << "the oldest has made room";
  EXPECT_FALSE(silent.back().is_closed());
}

TEST(HttpServer, AnswersAmongConnectionsThatBeganToAsk) {
  const HttpServer server(patient(), hello);
  std::list<Client> slow;
  while (slow.size() < 474) slow.emplace_back(server).say("GET /pa");
  EXPECT_THAT(ask(server), EndsWith("hello /path"));
}

TEST(HttpServer, AnswersAmongConnectionsThatTakeNothing) {
  const HttpServer server(patient(), [](const HttpRequest& asked) {
    return HttpAnswer{200, "text/plain", std::string(asked.path == "/large" ? 20'000'000 : 1, 'x'), {}};
  });
  std::list<Client> slow;
  while (slow.size() < 20) slow.emplace_back(server).say("GET /large HTTP/1.0\r\n\r\n");
  EXPECT_THAT(ask(server), EndsWith("\r\n\r\nx"));
}

TEST(HttpServer, AnswersWhereTheSystemHasNoFurtherDescriptor) {
  const HttpServer server(patient(), hello);
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  std::list<Client> silent;
  while (silent.size() < 20) silent.emplace_back(server);
  EXPECT_THAT(ask(server), EndsWith("hello /path"));
  const Client last;  // has its own descriptor
  const int next_free = dup(0);
  close(next_free);
  const rlimit none{static_cast<rlim_t>(next_free), before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  last.connect_to(server);
  last.say(request);
  const auto answer = last.hear();
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_THAT(answer, EndsWith("hello /path"));
}

TEST(HttpServer, ClosesConnectionsThatDoNotAskInTime) {
  const HttpServer server(patient(std::chrono::milliseconds(50)), hello);
  const Client silent(server), slow(server);
  slow.say("GET /pa");
  EXPECT_EQ(silent.hear(), "");
  EXPECT_EQ(slow.hear(), "");
}

TEST(HttpServer, EndsWhileConnectionsAreOpen) {
  std::list<Client> clients;
  {
    const HttpServer server(patient(), hello);
    while (clients.size() < 5) clients.emplace_back(server);
    EXPECT_THAT(ask(server), EndsWith("hello /path"));
  }
  EXPECT_EQ(clients.front().hear(), "");
}

TEST(HttpServer, AnswersSeveralAtOnce) {
  std::mutex mutex;
  std::condition_variable changed;
  int inside = 0;
  const HttpServer server(patient(), [&](const HttpRequest& asked) {
    std::unique_lock lock(mutex);
    ++inside;
    changed.notify_all();
    changed.wait(lock, [&] { return inside >= 2; });
    return hello(asked);
  });
  const Client first(server), second(server);
  first.say(request);
  second.say(request);
  EXPECT_THAT(first.hear(), EndsWith("hello /path"));
  EXPECT_THAT(second.hear(), EndsWith("hello /path"));
}

TEST(HttpServer, TellsWhenTheWholeAnswerWentOut) {
  std::mutex mutex;
  std::condition_variable changed;
  bool sent = false;
  const HttpServer server(patient(), [&](const HttpRequest& asked) {
    auto answer = hello(asked);
    answer.sent = [&] {
      const std::lock_guard lock(mutex);
      sent = true;
      changed.notify_all();
    };
    return answer;
  });
  ask(server);
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return sent; });
}

}  // namespace
}  // namespace binade::host
