#include "host/commands/export.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <system_error>

#include "binade/abi/logger.h"
#include "host/base/clock.h"
#include "host/cli/command_line.h"
#include "host/cli/exit_codes.h"
#include "host/cli/standard_descriptors.h"
#include "host/storage/openmetrics.h"

namespace binade::host {
namespace {

struct ExportArguments {
  std::string run, output;
};

// Prometheus writes a block every two hours and holds up to three hours in memory. Imported blocks that overlap with
// these are missing from queries or from compaction.
constexpr double head_seconds = 3.0 * 3600;

int export_openmetrics(const ExportArguments& arguments, const CommandLine& line) {
  const auto directory = std::filesystem::absolute(arguments.run).lexically_normal();
  const auto run = directory.has_filename() ? directory : directory.parent_path();
  const auto file = run / "metrics.jsonl";
  if (!std::filesystem::exists(file)) {
    show(stderr, "{}: {} is not a run directory: it has no metrics.jsonl\n\nname one, such as runs/NAME/RUN_ID\n",
         Paint(wants_color(line.color(), stderr)).red("error"), run.string());
    return exit_usage;
  }
  std::ofstream written;
  if (!arguments.output.empty()) {
    written.open(arguments.output);
    if (!written) throw std::system_error(errno, std::generic_category(), arguments.output);
  }
  std::ostream& out = arguments.output.empty() ? std::cout : written;
  ExportedHistory history;
  try {
    history = write_openmetrics(file, run.filename().string(), out);
  } catch (const std::runtime_error& error) {
    show(stderr, "{}: {}\n", Paint(wants_color(line.color(), stderr)).red("error"), error.what());
    return exit_bad_data;
  }
  const bool nobody = arguments.output.empty() && standard_output_was_closed();
  if (!out.flush() || nobody) {
    throw std::runtime_error(arguments.output.empty() ? "standard output is closed or full"
                                                      : "cannot write " + arguments.output);
  }
  log_line(line.color(), BINADE_LOG_INFO,
           fmt::format("{} steps and {} evaluations, {} samples", history.steps, history.evaluations, history.samples));
  if (unix_time() - history.last_time < head_seconds) {
    log_line(line.color(), BINADE_LOG_WARNING,
             "the last step is less than 3 hours old: a running Prometheus may still hold that time in memory; import "
             "the blocks later");
  }
  return exit_ok;
}

}  // namespace

void add_export(CommandLine& line) {
  auto& verb = line.verb("export", "Write a run's record for other programs",
                         "  binade export openmetrics runs/first-run/20260101T120000Z-0123abcd > history.om", nullptr);
  const auto arguments = std::make_shared<ExportArguments>();
  auto& openmetrics =
      line.verb(verb, "openmetrics", "Write every step for `promtool tsdb create-blocks-from openmetrics`",
                "  binade export openmetrics runs/first-run/20260101T120000Z-0123abcd --output history.om\n"
                "  promtool tsdb create-blocks-from openmetrics history.om /var/lib/prometheus",
                [arguments, &line] { return export_openmetrics(*arguments, line); });
  openmetrics.argument("RUN", arguments->run, "The run's directory");
  openmetrics.option("--output", arguments->output, "FILE", "The file to write, instead of standard output");
}

}  // namespace binade::host
