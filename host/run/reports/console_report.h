// What a person reads at the start and at the end of a run, on standard output.
#pragma once

#include <filesystem>
#include <string>

#include "host/cli/terminal.h"
#include "host/engine_api/engine.h"

namespace binade::host {

// What the report needs to know before training.
struct ReportedRun {
  std::string name;                 // [experiment] name
  std::filesystem::path directory;  // as a person would type it from here
  std::string model, dataset;       // plugin ids
  std::string metrics_address;      // empty: off
  std::string program_name;         // "build/bin/binade"
};

// Prints the head of the report once the engine knows what it will train.
class StartReport : public RunListener {
 public:
  StartReport(const ReportedRun& run, const Paint& paint) : run_(run), paint_(paint) {}
  void run_started(const RunStarted& started) noexcept override;

 private:
  const ReportedRun& run_;
  const Paint& paint_;
};

// From which checkpoint the run can go on, and how; empty when it has none.
std::string last_checkpoint_text(const ReportedRun& run);

// What was learned, where it lies, what to do next.
void print_end(const ReportedRun& run, const TrainingResult& result, const Paint& paint);

}  // namespace binade::host
