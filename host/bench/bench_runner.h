// The runs of a benchmark, one process after the other.
#pragma once

#include <atomic>
#include <functional>
#include <optional>

#include "host/bench/bench_plan.h"
#include "host/storage/run_directory.h"

namespace binade::host {

// A run failed; what() says which one, how, and where to look. The exit code is the run's own.
class ContenderFailed : public std::runtime_error {
 public:
  ContenderFailed(const std::string& what, int exit_code) : std::runtime_error(what), exit_code_(exit_code) {}
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

struct FinishedRun {
  const std::string& contender;
  std::uint64_t repeat;  // from 1
  double seconds;
  double seconds_left;  // of all runs that are still to come, as the ones so far took
};

// Each contender once per seed in a process of its own, `binade run` of this very program: first in the order of
// --precision, then in reverse, and so on, so that a machine that grows warm or busy favours none. In the benchmark's
// directory lie <contender>.toml, which a run can be repeated with, <contender>/seed-<seed>/<run>/, and what the run
// printed, <contender>/seed-<seed>.log.
class BenchRunner {
 public:
  BenchRunner(const BenchArguments& arguments, const BenchPlan& plan, const RunDirectory& directory,
              const std::filesystem::path& executable, const std::atomic<int>& stop_signal);

  // Calls `finished` after each run. Ends early after a stop signal. Throws ContenderFailed, and what
  // require_same_start(), require_same_files() and read_measurement() throw.
  void run(const std::function<void(const FinishedRun&)>& finished);

  // The complete ones so far: fewer than asked for when run() ended early or threw.
  const std::vector<Repeat>& repeats() const { return repeats_; }

 private:
  bool run_repeat(std::uint64_t number);
  std::optional<Measurement> run_contender(std::size_t contender, std::uint64_t seed);
  double seconds_left(std::uint64_t repeat, std::size_t done) const;

  const BenchArguments& arguments_;
  const BenchPlan& plan_;
  const RunDirectory& directory_;
  const std::filesystem::path& executable_;
  const std::atomic<int>& stop_signal_;
  std::function<void(const FinishedRun&)> finished_;
  std::vector<Repeat> repeats_;
  std::vector<double> seconds_;  // of each contender's last run; 0 before its first
};

}  // namespace binade::host
