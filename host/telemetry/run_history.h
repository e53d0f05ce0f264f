// The data of the live page: a run's steps, read from its metrics.jsonl, and its evaluations.
#pragma once

#include <cstddef>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "host/events/events.h"

namespace binade::host {

// Steps are read from the file on request, so this does not slow down training steps.
class RunHistory : public RunListener {
 public:
  // `metrics_file` is the run's metrics.jsonl. It is only read, and need not exist yet.
  RunHistory(std::filesystem::path metrics_file, std::string run_id);

  // Reads earlier evaluations from the file of a resumed run. Must be called before the run starts.
  void learn_earlier() noexcept;

  void evaluated(const EvaluationRecord& record) noexcept override;  // the training thread

  // {"run_id": ..., "now": Unix time, "bytes": of the file, "evaluations": [{"step", "split", "loss", "accuracy"},
  // ...], "steps": [lines of metrics.jsonl, ...]}. At most `points` steps, evenly spaced over the whole file and
  // including the last one, and at most max_evaluations. Takes a few milliseconds for a file of any size. Any thread.
  // Throws std::runtime_error if the file cannot be read.
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
  std::vector<Evaluation> evaluations_;  // every second one is dropped when they become too many
};

}  // namespace binade::host
