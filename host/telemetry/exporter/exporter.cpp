// Routes the paths and keeps track of scrapes.
#include "host/telemetry/exporter/exporter.h"

#include <fmt/format.h>
#include <prometheus/collectable.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>
#include <utility>

#include "host/telemetry/exporter/live_page.h"

namespace binade::host {
namespace {

constexpr std::size_t default_points = 600, max_points = 2000;

HttpAnswer not_found() { return {404, "text/plain; charset=utf-8", "not found; see /metrics or /\n", {}}; }

// Parses "points=100"; nullopt for anything else.
std::optional<std::size_t> points_in(std::string_view query) {
  constexpr std::string_view key = "points=";
  if (query.empty()) return default_points;
  std::size_t points = 0;
  if (!query.starts_with(key)) return std::nullopt;
  query.remove_prefix(key.size());
  const auto [end, error] = std::from_chars(query.data(), query.data() + query.size(), points);
  if (error != std::errc{} || end != query.data() + query.size() || points == 0) return std::nullopt;
  return std::min(points, max_points);
}

}  // namespace

std::string metrics_text(const prometheus::Collectable& collectable) {
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, collectable.Collect());
  return text.str();
}

Exporter::Exporter(ExporterOptions options, std::shared_ptr<prometheus::Collectable> collectable)
    : history_(std::move(options.history)), collectable_(std::move(collectable)) {
  server_ = std::make_unique<HttpServer>(options.http, [this](const auto& request) { return answer(request); });
}

std::string Exporter::address() const { return fmt::format("http://{}:{}/metrics", server_->host(), server_->port()); }

HttpAnswer Exporter::answer(const HttpRequest& request) {
  if (request.path == "/metrics") return scrape(request.from_prometheus);
  if (!history_) return not_found();
  if (request.path == "/") return {200, "text/html; charset=utf-8", std::string(live_page), {}};
  if (request.path != "/history") return not_found();
  const auto points = points_in(request.query);
  if (!points) return {400, "text/plain; charset=utf-8", "/history accepts only points=NUMBER\n", {}};
  return {200, "application/json", history_(*points), {}};
}

HttpAnswer Exporter::scrape(bool from_prometheus) {
  const auto began = Clock::now();
  HttpAnswer answer{200, "text/plain; version=0.0.4; charset=utf-8", metrics_text(*collectable_), {}};
  if (!from_prometheus) return answer;
  answer.sent = [this, began] {
    const std::lock_guard lock(scraping_);
    interval_ = scrapes_++ == 0 ? Clock::duration{} : began - last_;
    last_ = began;
    scraped_.notify_all();
  };
  return answer;
}

bool Exporter::wait_for_scrape(std::chrono::duration<double> limit, const std::function<bool()>& stop) {
  constexpr std::chrono::milliseconds often(100);
  std::unique_lock lock(scraping_);
  const auto now = Clock::now();
  if (scrapes_ == 0 || (scrapes_ > 1 && now - last_ > 3 * interval_)) return false;
  auto until = now + std::chrono::duration_cast<Clock::duration>(limit);
  if (scrapes_ > 1) until = std::min(until, now + 2 * interval_);
  while (last_ < now && Clock::now() < until && !stop()) scraped_.wait_for(lock, often);
  return last_ >= now;
}

}  // namespace binade::host
