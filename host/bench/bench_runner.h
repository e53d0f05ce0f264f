// Runs the contenders of a benchmark, one process after the other.
#pragma once

#include <atomic>
#include <functional>
#include <optional>

#include "host/bench/bench_plan.h"
#include "host/storage/run_directory.h"

namespace binade::host {

// A run failed. what() says which run, how it failed, and where to look. The exit code is the run's own.
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
  double seconds_left;  // estimate for all remaining runs, from those so far
};

// Runs each contender once per seed, as `binade run` of this program in a process of its own: first in the order of
// --precision, then in reverse, and so on, so that a machine that gets warm or busy does not favour a contender. The
// benchmark's directory holds <contender>.toml, with which a run can be repeated, <contender>/seed-<seed>/<run>/, and
// the run's output in <contender>/seed-<seed>.log.
class BenchRunner {
 public:
  BenchRunner(const BenchArguments& arguments, const BenchPlan& plan, const RunDirectory& directory,
              const std::filesystem::path& executable, const std::atomic<int>& stop_signal);

  // Calls `finished` after each run. Ends early after a stop signal. Throws ContenderFailed and the exceptions of
  // require_same_start(), require_same_files() and read_measurement().
  void run(const std::function<void(const FinishedRun&)>& finished);

  // The complete repeats so far: fewer than requested when run() ended early or threw.
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
