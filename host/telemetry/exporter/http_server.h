// A small HTTP server with threads of its own, which answers GET requests with one function.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/telemetry/exporter/http_request.h"

namespace binade::host {

struct HttpOptions {
  // "ADDRESS:PORT", or "PORT" for 127.0.0.1. Port 0 picks a free one. "0.0.0.0:9464" listens on all interfaces.
  std::string listen = {};
  std::string user = {}, password = {};  // HTTP basic authentication; an empty password disables it
  // Host names that clients may use, in addition to loopback names and the listening address. Requests with another
  // name are answered with 421.
  std::vector<std::string> allowed_hosts = {};
  // Limits how long a request may take to arrive, and how long a client may read nothing of its answer.
  std::chrono::milliseconds patience{2000};
};

class HttpServer {
 public:
  // Called on several threads at once. An exception is answered with 500.
  using Handler = std::function<HttpAnswer(const HttpRequest&)>;

  // Maximum number of open connections. One more replaces the oldest that has not sent a request.
  static constexpr std::size_t max_connections = 256;

  // Starts serving. A connection occupies a thread only once its request is complete, so silent and slow clients never
  // block others. Throws std::runtime_error with a message for the user if `listen` is invalid or not available.
  HttpServer(const HttpOptions& options, Handler handler);
  // Waits for answers in progress.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  const std::string& host() const;  // IPv4, dotted
  int port() const;                 // the actual port

 private:
  class Connections;

  std::unique_ptr<Connections> connections_;
};

}  // namespace binade::host
