#include "host/engine/checkpoint/final_weights.h"

#include <fmt/format.h>

#include <stdexcept>
#include <system_error>
#include <thread>

#include "binade/abi/plugin.h"
#include "host/engine/model/weights.h"
#include "host/storage/run_directory.h"

namespace binade::host {
namespace {

using Clock = std::chrono::steady_clock;

std::string size_text(const Model& model) {
  constexpr double megabyte = 1e6;
  double bytes = 0;
  for (const auto* part : {&model.parameters(), &model.buffers()}) {
    for (const auto& [name, tensor] : *part) bytes += static_cast<double>(tensor.nbytes());
  }
  return bytes < megabyte ? fmt::format("{:.0f} kB", std::max(1.0, bytes / 1e3))
                          : fmt::format("{:.1f} MB", bytes / megabyte);
}

}  // namespace

FinalWeights::FinalWeights(const TrainingRequest& request, Clock::duration patience)
    : request_(request), patience_(patience) {}

std::string FinalWeights::keep(const Model& model, const std::filesystem::path& file) {
  std::string reason;
  try {
    return write_weights(model, file);
  } catch (const std::system_error& error) {
    require_run_folder(file.parent_path());
    reason = error.what();
  }
  if (request_.rescue_folder.empty()) return retry(model, file, reason);
  try {
    auto hash = put_into_rescue(model, file.filename().string());
    request_.listener.message(BINADE_LOG_WARNING,
                              fmt::format("{}; the weights are in {}", reason, (rescued_ / file.filename()).string()));
    return hash;
  } catch (const std::system_error& error) {
    return retry(model, file, fmt::format("{}, and {}", reason, error.what()));
  }
}

std::string FinalWeights::put_into_rescue(const Model& model, const std::string& file_name) {
  const auto folder = request_.rescue_folder / request_.weights_file.parent_path().filename();
  std::filesystem::create_directories(folder);
  auto hash = write_weights(model, folder / file_name);
  rescued_ = folder;
  return hash;
}

std::string FinalWeights::retry(const Model& model, const std::filesystem::path& file, const std::string& reason) {
  constexpr std::chrono::milliseconds pause(200);
  const auto size = size_text(model);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience_).count();
  request_.listener.message(
      BINADE_LOG_WARNING,
      fmt::format("{}: the weights need {}; retrying to write them for {} s, until Ctrl-C", reason, size, seconds));
  const int signal = request_.stop_signal.load();
  auto last = reason;
  for (const auto until = Clock::now() + patience_; Clock::now() < until && request_.stop_signal.load() == signal;) {
    std::this_thread::sleep_for(pause);
    try {
      auto hash = write_weights(model, file);
      request_.listener.message(BINADE_LOG_INFO, fmt::format("{} was written after all", file.string()));
      return hash;
    } catch (const std::system_error& error) {
      require_run_folder(file.parent_path());
      last = error.what();
    }
  }
  throw std::runtime_error(
      fmt::format("the final weights could not be saved, they need {}: {}. `--rescue DIR` keeps them in another folder "
                  "in such a case",
                  size, last));
}

void FinalWeights::rescue(const Model& model, const std::string& file_name) {
  if (request_.rescue_folder.empty()) return;
  try {
    put_into_rescue(model, file_name);
    request_.listener.message(BINADE_LOG_WARNING,
                              fmt::format("the weights are in {}", (rescued_ / file_name).string()));
  } catch (const std::system_error& error) {
    request_.listener.message(BINADE_LOG_WARNING, fmt::format("the weights could not be saved: {}", error.what()));
  }
}

}  // namespace binade::host
