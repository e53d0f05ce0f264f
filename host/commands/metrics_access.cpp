#include "host/commands/metrics_access.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "host/storage/atomic_file.h"

namespace binade::host {
namespace {

std::string machine_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

}  // namespace

std::filesystem::path write_target(const std::filesystem::path& folder, const std::string& run_id,
                                   const std::string& host, int port) {
  std::filesystem::create_directories(folder);
  const auto address = fmt::format("{}:{}", host == "0.0.0.0" ? machine_name() : host, port);
  const auto target = nlohmann::json{{"targets", {address}}, {"labels", {{"run_id", run_id}}}};
  const auto text = nlohmann::json::array({target}).dump() + "\n";
  auto path = folder / (run_id + ".json");
  AtomicFile file(path);
  file.write(text.data(), text.size());
  file.commit();
  return path;
}

std::string metrics_password(const OptionTable& metrics) {
  std::string password, where;
  if (metrics.has("password_file")) {
    where = "the file " + metrics.string("password_file");
    std::ifstream file(metrics.string("password_file"));
    std::getline(file, password);
  } else if (metrics.has("password_env")) {
    where = "the environment variable " + metrics.string("password_env");
    const char* value = std::getenv(metrics.string("password_env").c_str());
    password = value != nullptr ? value : "";
  } else {
    return "";
  }
  if (password.ends_with('\r')) password.pop_back();
  if (password.empty()) throw std::runtime_error(fmt::format("[metrics]: {} has no password", where));
  return password;
}

}  // namespace binade::host
