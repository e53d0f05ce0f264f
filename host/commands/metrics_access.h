// How readers come to a run's metrics: the target file by which Prometheus finds them, and the password.
#pragma once

#include <filesystem>
#include <string>

#include "host/experiment/option.h"

namespace binade::host {

// Writes FOLDER/<run_id>.json for Prometheus' file_sd_configs, whole or not at all, and returns its path. The folder is
// made when missing. `host` 0.0.0.0 becomes this machine's name. Throws std::system_error naming the file.
std::filesystem::path write_target(const std::filesystem::path& folder, const std::string& run_id,
                                   const std::string& host, int port);

// [metrics] password_file's first line, or what password_env holds; empty when neither is given. Throws
// std::runtime_error when there is no password where one is said to be: nothing is served without it by mistake.
std::string metrics_password(const OptionTable& metrics);

}  // namespace binade::host
