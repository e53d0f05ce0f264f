// Serves a run over HTTP: its metrics for Prometheus, and a live page with its history.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "host/telemetry/exporter/http_server.h"

namespace prometheus {
class Collectable;
}

namespace binade::host {

struct ExporterOptions {
  HttpOptions http = {};
  // Returns the body of /history: at most that many of the run's steps, as JSON. Any thread. If empty, neither the
  // history nor the page is served.
  std::function<std::string(std::size_t points)> history = {};
};

// The metrics in the Prometheus text format.
std::string metrics_text(const prometheus::Collectable& collectable);

class Exporter {
 public:
  // Starts serving. Throws std::runtime_error like HttpServer; the caller decides whether the run continues without it.
  Exporter(ExporterOptions options, std::shared_ptr<prometheus::Collectable> collectable);

  // "http://127.0.0.1:43211/metrics", with the actual port.
  std::string address() const;
  const HttpServer& server() const { return *server_; }

  // Waits until Prometheus has scraped the current values, for at most `limit` and at most two scrape intervals. Does
  // not wait if there was no scrape before, or none for three intervals. Polls `stop`, which ends the wait. Returns
  // false if no scrape came in time.
  bool wait_for_scrape(std::chrono::duration<double> limit, const std::function<bool()>& stop);

 private:
  using Clock = std::chrono::steady_clock;

  HttpAnswer answer(const HttpRequest& request);
  HttpAnswer scrape(bool from_prometheus);

  std::function<std::string(std::size_t)> history_;
  std::shared_ptr<prometheus::Collectable> collectable_;
  std::mutex scraping_;
  std::condition_variable scraped_;
  std::uint64_t scrapes_ = 0;           // by Prometheus, complete
  Clock::time_point last_{};            // start of the last complete scrape
  Clock::duration interval_{};          // between the last two scrapes; 0 if there was only one
  std::unique_ptr<HttpServer> server_;  // last: its threads use all of the above
};

}  // namespace binade::host
