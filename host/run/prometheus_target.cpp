#include "host/run/prometheus_target.h"

#include <fmt/format.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "host/base/atomic_file.h"
#include "host/base/file_stream.h"
#include "host/telemetry/machine.h"

namespace binade::host {

std::filesystem::path target_file(const std::filesystem::path& folder, const std::string& run_id) {
  return folder / (run_id + ".json");
}

void write_target(const std::filesystem::path& folder, const ScrapeTarget& target) {
  std::filesystem::create_directories(folder);
  const auto address = fmt::format("{}:{}", target.host == "0.0.0.0" ? target.machine : target.host, target.port);
  const nlohmann::json labels{{"run_id", target.run_id}, {"run_name", target.run_name}, {"host", target.machine}};
  const nlohmann::json one{{"targets", {address}}, {"labels", labels}};
  const auto text = nlohmann::json::array({one}).dump() + "\n";
  AtomicFile file(target_file(folder, target.run_id));
  file.write(text.data(), text.size());
  file.commit();
}

HttpOptions endpoint_options(const MetricsSettings& settings) {
  HttpOptions options;
  options.listen = settings.listen;
  options.user = settings.user;
  options.password = metrics_password(settings);
  options.allowed_hosts = settings.allowed_hosts;
  if (options.listen.starts_with("0.0.0.0:")) options.allowed_hosts.push_back(machine_name());
  return options;
}

std::string metrics_password(const MetricsSettings& settings) {
  std::string password, where;
  if (settings.password_file) {
    where = "the file " + settings.password_file->string();
    if (auto file = open_to_read(*settings.password_file); !file.descriptor) {
      throw std::runtime_error(fmt::format("[metrics]: {} has no password: {}", where, file.reason));
    }
    FileStream file(*settings.password_file);
    std::getline(file, password);
  } else if (settings.password_env) {
    where = "the environment variable " + *settings.password_env;
    const char* value = std::getenv(settings.password_env->c_str());
    password = value != nullptr ? value : "";
  } else {
    return "";
  }
  if (password.ends_with('\r')) password.pop_back();
  if (password.empty()) throw std::runtime_error(fmt::format("[metrics]: {} has no password", where));
  return password;
}

}  // namespace binade::host
