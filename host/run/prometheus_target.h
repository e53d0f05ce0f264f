// How readers come to a run's metrics: the target file by which Prometheus finds them, and the password.
#pragma once

#include <filesystem>
#include <string>

#include "host/experiment/schema/option.h"
#include "host/telemetry/exporter/http_server.h"

namespace binade::host {

// What Prometheus finds a run by. The labels go to all that it scrapes there, `up` included.
struct ScrapeTarget {
  std::string run_id, run_name, machine;
  std::string host;  // that the endpoint listens on; 0.0.0.0 becomes the machine's name
  int port = 0;
};

// FOLDER/<run_id>.json
std::filesystem::path target_file(const std::filesystem::path& folder, const std::string& run_id);

// Writes it for Prometheus' file_sd_configs, whole or not at all. The folder is made when missing. Throws
// std::system_error naming the file.
void write_target(const std::filesystem::path& folder, const ScrapeTarget& target);

// How [metrics] wants the endpoint to be, which also answers to this machine's name where it listens everywhere: it is
// the name in the target file. Throws as metrics_password does.
HttpOptions endpoint_options(const OptionTable& metrics);

// [metrics] password_file's first line, or what password_env holds; empty when neither is given. Throws
// std::runtime_error when there is no password where one is said to be: nothing is served without it by mistake.
std::string metrics_password(const OptionTable& metrics);

}  // namespace binade::host
