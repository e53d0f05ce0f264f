#include "host/commands/run_records.h"

#include <sys/utsname.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "host/commands/version.h"

namespace binade::host {
namespace {

using Json = nlohmann::ordered_json;

Json finite(double number) { return std::isfinite(number) ? Json(number) : Json(nullptr); }

std::string cpu_model() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

}  // namespace

std::string environment_json(const EngineInfo& engine, const std::vector<std::string>& command_line) {
  utsname system{};
  uname(&system);
  const Json json{{"binade", version()},
                  {"libtorch", engine.torch_version},
                  {"cpu_capability", engine.cpu_capability},
                  {"threads", engine.threads},
                  {"cpu", cpu_model()},
                  {"cpus", std::thread::hardware_concurrency()},
                  {"host", system.nodename},
                  {"system", std::string(system.sysname) + " " + system.release},
                  {"architecture", system.machine},
                  {"command_line", command_line}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string summary_json(const TrainingResult& result, const Experiment& experiment) {
  const Json json{{"state", run_state_names[static_cast<std::size_t>(result.state)]},
                  {"stop_reason", result.stop_reason},
                  {"steps", result.steps},
                  {"skipped_steps", result.skipped_steps},
                  {"loss", result.loss},
                  {"initial_loss", finite(result.initial_loss)},
                  {"final_loss", finite(result.final_loss)},
                  {"validation_loss", finite(result.validation_loss)},
                  {"validation_accuracy", finite(result.validation_accuracy)},
                  {"best_validation_loss", finite(result.best_validation_loss)},
                  {"best_step", result.best_step},
                  {"parameters", result.parameters},
                  {"parameters_sha256", result.parameters_sha256},
                  {"device", result.device},
                  {"precision", result.precision},
                  {"loss_scale", result.loss_scale},
                  {"samples_per_second", finite(result.samples_per_second)},
                  {"tokens_per_second", finite(result.tokens_per_second)},
                  {"seconds", result.seconds},
                  {"tags", experiment.experiment.strings("tags")},
                  {"notes", experiment.experiment.string("notes")}};
  return json.dump(2) + "\n";
}

std::string failure_json(const std::string& message, const Experiment& experiment) {
  const Json json{{"state", "failed"},
                  {"error", message},
                  {"tags", experiment.experiment.strings("tags")},
                  {"notes", experiment.experiment.string("notes")}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace binade::host
