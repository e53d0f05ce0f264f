// What a person reads at the start and at the end of a run, on standard output.
#pragma once

#include <filesystem>
#include <string>

#include "host/cli/terminal.h"
#include "host/engine_api/engine.h"

namespace binade::host {

class Run;

// Prints the head of the report once the engine knows what it will train.
class StartReport : public RunListener {
 public:
  StartReport(const Run& run, const Paint& paint) : run_(run), paint_(paint) {}
  void run_started(const RunStarted& started) noexcept override;

 private:
  const Run& run_;
  Paint paint_;
};

// Names the last checkpoint and the command that resumes from it; empty when there is none.
std::string last_checkpoint_text(const Run& run);

// Prints the result, where it is, and what to do next.
void print_end(const Run& run, const TrainingResult& result, const Paint& paint);

}  // namespace binade::host
