#include "host/bench/bench_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "host/experiment/resolved.h"
#include "host/run/trial.h"

namespace binade::host {

BenchRunner::BenchRunner(const BenchArguments& arguments, const BenchPlan& plan, const RunDirectory& directory,
                         const std::filesystem::path& executable, const std::atomic<int>& stop_signal)
    : arguments_(arguments),
      plan_(plan),
      directory_(directory),
      executable_(executable),
      stop_signal_(stop_signal),
      seconds_(plan.contenders.size()) {
  for (const auto& contender : plan.contenders) {
    directory.write(contender.id + ".toml", to_toml(contender.experiment));
    std::filesystem::create_directory(directory.path() / contender.id);
  }
}

void BenchRunner::run(const std::function<void(const FinishedRun&)>& finished) {
  finished_ = finished;
  while (repeats_.size() < arguments_.repeats && run_repeat(repeats_.size())) {
  }
}

// Returns false when a signal stopped it.
bool BenchRunner::run_repeat(std::uint64_t number) {
  const auto seed = plan_.first_seed() + number;
  const auto count = plan_.contenders.size();
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (number % 2 == 1) std::reverse(order.begin(), order.end());

  Repeat repeat{seed, std::vector<Measurement>(count)};
  for (std::size_t turn = 0; turn < count; ++turn) {
    const auto contender = order[turn];
    auto measurement = run_contender(contender, seed);
    if (!measurement) return false;
    const auto& id = plan_.contenders[contender].id;
    const auto first = order.front();
    if (turn == 0 && !repeats_.empty()) require_same_files(*measurement, repeats_.front().runs[contender]);
    if (turn > 0) {
      require_same_start(id, *measurement, plan_.contenders[first].id, repeat.runs[first], repeat.seed);
    }
    seconds_[contender] = measurement->seconds;
    repeat.runs[contender] = std::move(*measurement);
    finished_({id, number + 1, seconds_[contender], seconds_left(number, turn + 1)});
  }
  repeats_.push_back(std::move(repeat));
  return true;
}

std::optional<Measurement> BenchRunner::run_contender(std::size_t contender, std::uint64_t seed) {
  if (stop_signal_.load() != 0) return std::nullopt;
  const auto& id = plan_.contenders[contender].id;
  const auto end = run_trial({.experiment = directory_.path() / (id + ".toml"),
                              .folder = directory_.path() / id,
                              .name = fmt::format("seed-{}", seed),
                              .overrides = {fmt::format("experiment.seed={}", seed)},
                              .measure_memory = true},
                             executable_, stop_signal_);
  if (!end.finished() && stop_signal_.load() != 0) return std::nullopt;
  if (!end.finished()) {
    throw ContenderFailed(
        fmt::format("{} failed with seed {}, {}{}", id, seed, end.failure(),
                    end.directory.empty() ? "" : "\n  its run directory:   " + end.directory.string()),
        end.exit_code());
  }
  auto measurement = read_measurement(end.directory, arguments_.warmup);
  measurement.seconds = end.process.seconds;
  measurement.process_bytes = end.process.peak_bytes;
  return measurement;
}

// A contender that has not run yet is assumed to be as slow as the slowest so far.
double BenchRunner::seconds_left(std::uint64_t repeat, std::size_t done) const {
  const double slowest = *std::max_element(seconds_.begin(), seconds_.end());
  const auto of = [&](std::size_t contender) { return seconds_[contender] > 0 ? seconds_[contender] : slowest; };
  const auto count = seconds_.size();
  double left = 0;
  for (std::size_t turn = done; turn < count; ++turn) left += of(repeat % 2 == 0 ? turn : count - 1 - turn);
  double whole = 0;
  for (std::size_t contender = 0; contender < count; ++contender) whole += of(contender);
  return left + whole * static_cast<double>(arguments_.repeats - repeat - 1);
}

}  // namespace binade::host
