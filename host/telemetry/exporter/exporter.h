// What a run tells over HTTP: its metrics for Prometheus, and a page for people with its history.
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
  // What /history answers: at most that many of the run's steps, as JSON. Any thread. Without it there is neither
  // a history nor a page.
  std::function<std::string(std::size_t points)> history = {};
};

// What is exported, in the Prometheus text format.
std::string metrics_text(const prometheus::Collectable& collectable);

class Exporter {
 public:
  // Answers from then on. Throws std::runtime_error as HttpServer does; whether a run goes on without is the caller's
  // to decide.
  Exporter(ExporterOptions options, std::shared_ptr<prometheus::Collectable> collectable);

  // "http://127.0.0.1:43211/metrics", with the port that was really taken.
  std::string address() const;
  const HttpServer& server() const { return *server_; }

  // Waits until Prometheus has taken what the metrics say now, at most for `limit`, and at most twice as long as there
  // was between its last two scrapes. Does not wait where none came before, or none for three times as long. `stop` is
  // asked now and then. Returns false when none came in time.
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
  Clock::time_point last_{};            // when the last complete one began
  Clock::duration interval_{};          // between the last two; 0: there was one
  std::unique_ptr<HttpServer> server_;  // last: its threads use all of the above
};

}  // namespace binade::host
