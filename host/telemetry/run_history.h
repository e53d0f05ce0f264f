// What the live page draws: a run's steps, read back from its metrics.jsonl, and its evaluations.
#pragma once

#include <cstddef>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "host/events/events.h"

namespace binade::host {

// A step costs nothing here: steps are read from the file when somebody asks.
class RunHistory : public RunListener {
 public:
  // `metrics_file`: the run's metrics.jsonl, which is only read, and may not be there yet.
  RunHistory(std::filesystem::path metrics_file, std::string run_id);

  // The evaluations that the file of a resumed run holds already. Before the run starts.
  void learn_earlier() noexcept;

  void evaluated(const EvaluationRecord& record) noexcept override;  // the training thread

  // {"run_id": ..., "now": Unix time, "bytes": of the file, "evaluations": [{"step", "split", "loss", "accuracy"},
  // ...], "steps": [lines of metrics.jsonl, ...]}. At most `points` steps, evenly over the whole file, the last one
  // among them, and at most max_evaluations. Takes some milliseconds however long the file is. Any thread; throws
  // std::runtime_error when the file cannot be read.
  std::string json(std::size_t points) const;

  static constexpr std::size_t max_evaluations = 512;

 private:
  struct Evaluation {
    std::uint64_t step;
    std::string split;
    double loss, accuracy;
  };

  std::filesystem::path metrics_file_;
  std::string run_id_;
  mutable std::mutex evaluating_;
  std::vector<Evaluation> evaluations_;  // thinned out when they become too many
};

}  // namespace binade::host
