// A small HTTP server: GET only, each request answered by one function, on threads of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace binade::host {

struct HttpRequest {
  std::string path;              // decoded, without . and ..
  std::string query;             // what follows the question mark, as it came
  bool from_prometheus = false;  // or one that scrapes as it does
};

struct HttpAnswer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::function<void()> sent;  // called when the whole body went out; may be empty
};

struct HttpOptions {
  // "ADDRESS:PORT" or "PORT", which means 127.0.0.1; port 0 takes a free one. Other addresses than loopback are served
  // when they are written out: "0.0.0.0:9464".
  std::string listen = {};
  std::string user = {}, password = {};  // HTTP basic authentication; without a password nobody is asked
};

class HttpServer {
 public:
  // Called on several threads at once; what it throws is answered by 500.
  using Handler = std::function<HttpAnswer(const HttpRequest&)>;

  // Answers from then on. A connection that says nothing, or too slowly, is closed after 2 s, and keeps nobody else
  // from being answered. Throws std::runtime_error with a message for the user when `listen` is wrong or cannot be had.
  HttpServer(const HttpOptions& options, Handler handler);
  // Takes some 20 ms; up to 2 s when a client has connected and sent nothing.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  const std::string& host() const { return host_; }  // IPv4, dotted
  int port() const { return port_; }                 // that was really taken

 private:
  struct Running;

  std::string host_;
  int port_ = 0;
  std::unique_ptr<Running> running_;
};

// "dXNlcjpwYXNz" for "user:pass".
std::string base64(const std::string& text);

// Takes as long for a wrong text as for the right one.
bool equal_in_constant_time(const std::string& given, const std::string& wanted);

}  // namespace binade::host
