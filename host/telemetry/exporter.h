// The HTTP endpoint that Prometheus scrapes.
#pragma once

#include <memory>
#include <string>

namespace prometheus {
class Collectable;
class Exposer;
}  // namespace prometheus

namespace binade::host {

class Exporter {
 public:
  // Serves `collectable` on `listen`: "ADDRESS:PORT" or "PORT", which means 127.0.0.1; port 0 takes a free one. Other
  // addresses than loopback are served when they are written out: "0.0.0.0:9464". Answers from then on, on threads of
  // its own. Throws std::runtime_error with a message for the user when `listen` is wrong or cannot be had; whether a
  // run goes on without is the caller's to decide.
  Exporter(const std::string& listen, const std::shared_ptr<prometheus::Collectable>& collectable);
  // Takes some 20 ms; up to 2 s when a client has connected and sent nothing.
  ~Exporter();
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  // "http://127.0.0.1:43211/metrics", with the port that was really taken.
  const std::string& address() const { return address_; }

 private:
  std::string host_;
  int port_ = 0;
  std::string address_;
  std::unique_ptr<prometheus::Exposer> exposer_;
};

}  // namespace binade::host
