// How Prometheus reaches a run's metrics: the target file by which it finds them, and the password.
#pragma once

#include <filesystem>
#include <string>

#include "host/experiment/settings.h"
#include "host/telemetry/exporter/http_server.h"

namespace binade::host {

// A scrape target. Its labels are attached to every series that is scraped there, `up` included.
struct ScrapeTarget {
  std::string run_id, run_name, machine;
  std::string host;  // the address that the endpoint listens on; 0.0.0.0 becomes the machine's name
  int port = 0;
};

// FOLDER/<run_id>.json
std::filesystem::path target_file(const std::filesystem::path& folder, const std::string& run_id);

// Writes the target for Prometheus' file_sd_configs, atomically, and creates the folder if it is missing. Throws
// std::system_error that names the file.
void write_target(const std::filesystem::path& folder, const ScrapeTarget& target);

// The endpoint as [metrics] describes it. Where it listens on all addresses it also answers to this machine's name,
// which is the name in the target file. Throws as metrics_password() does.
HttpOptions endpoint_options(const MetricsSettings& settings);

// The first line of [metrics] password_file, or the value of password_env; empty when neither is set. Throws
// std::runtime_error when no password is found there, so that nothing is served without one by mistake.
std::string metrics_password(const MetricsSettings& settings);

}  // namespace binade::host
