// A small HTTP server: GET only, each request answered by one function, on threads of its own.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/telemetry/exporter/http_request.h"

namespace binade::host {

struct HttpOptions {
  // "ADDRESS:PORT" or "PORT", which means 127.0.0.1; port 0 takes a free one. Other addresses than loopback are served
  // when they are written out: "0.0.0.0:9464".
  std::string listen = {};
  std::string user = {}, password = {};  // HTTP basic authentication; without a password nobody is asked
  // Names by which clients may call this server, beside those of the loopback and the address that it listens on: a
  // request under another name is answered by 421.
  std::vector<std::string> allowed_hosts = {};
  // How long a request may take to come, and how long a client may take nothing of its answer.
  std::chrono::milliseconds patience{2000};
};

class HttpServer {
 public:
  // Called on several threads at once; what it throws is answered by 500.
  using Handler = std::function<HttpAnswer(const HttpRequest&)>;

  // So many connections are open at most. One more takes the place of the oldest that has not asked yet.
  static constexpr std::size_t max_connections = 256;

  // Answers from then on. A connection costs no thread until its request has come whole, so that silent and slow ones
  // keep nobody from being answered, however many they are. Throws std::runtime_error with a message for the user when
  // `listen` is wrong or cannot be had.
  HttpServer(const HttpOptions& options, Handler handler);
  // Waits for answers that are being made.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  const std::string& host() const;  // IPv4, dotted
  int port() const;                 // that was really taken

 private:
  class Connections;

  std::unique_ptr<Connections> connections_;
};

}  // namespace binade::host
