#include "host/bench/result.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "host/data/fingerprint/fingerprint_differences.h"

namespace binade::host {
namespace {

// One number of one contender, from each repeat.
template <class Read>
std::vector<double> column(const std::vector<Repeat>& repeats, std::size_t contender, Read read) {
  std::vector<double> values;
  values.reserve(repeats.size());
  for (const auto& repeat : repeats) values.push_back(read(repeat.runs[contender]));
  return values;
}

bool all_finite(const std::vector<Repeat>& repeats, double Measurement::*member) {
  return std::all_of(repeats.begin(), repeats.end(), [&](const Repeat& repeat) {
    return std::all_of(repeat.runs.begin(), repeat.runs.end(),
                       [&](const Measurement& run) { return std::isfinite(run.*member); });
  });
}

bool baseline_has(const std::vector<Repeat>& repeats, double Measurement::*member) {
  return std::any_of(repeats.begin(), repeats.end(),
                     [&](const Repeat& repeat) { return std::isfinite(repeat.runs[0].*member); });
}

class Comparer {
 public:
  Comparer(const std::vector<Repeat>& repeats, BenchResult& result) : repeats_(repeats), result_(result) {}

  ContenderResult describe(const std::string& id, std::size_t contender) const {
    const auto mean_of = [&](double Measurement::*member) { return mean(values(contender, member)); };
    ContenderResult out;
    out.id = id;
    out.precision = repeats_[0].runs[contender].precision;
    out.samples_per_second = mean_of(&Measurement::samples_per_second);
    out.steps_per_second = mean_of(&Measurement::steps_per_second);
    out.median_step_seconds = mean_of(&Measurement::median_step_seconds);
    out.tensor_bytes = mean_of(&Measurement::tensor_bytes);
    out.process_bytes = mean_of(&Measurement::process_bytes);
    out.accuracy = mean_of(&Measurement::accuracy);
    out.loss = mean_of(loss());
    std::vector<std::vector<double>> losses;
    for (const auto& repeat : repeats_) {
      const auto& run = repeat.runs[contender];
      losses.push_back(run.losses);
      out.skipped_steps += run.skipped_steps;
      out.finite = out.finite && std::isfinite(run.final_loss) && std::isfinite(run.*loss());
    }
    out.learning = learning_of(losses);
    return out;
  }

  std::vector<Comparison> against_baseline(std::size_t contender) const {
    const auto paired = [&](auto interval, double Measurement::*member) {
      return interval(values(contender, member), values(0, member));
    };
    const auto& limits = result_.thresholds;
    const auto where = [](bool exists, std::optional<double> limit) { return exists ? limit : std::nullopt; };
    std::vector<Comparison> all{
        {"speedup", paired(ratio_interval, &Measurement::samples_per_second), limits.speedup},
        {"allocator_memory", paired(reduction_interval, &Measurement::tensor_bytes),
         where(result_.tensor_memory, limits.memory)},
        {"process_memory", paired(reduction_interval, &Measurement::process_bytes),
         where(!result_.tensor_memory, limits.memory)},
        {"accuracy", paired(difference_interval, &Measurement::accuracy), where(result_.accuracy, limits.accuracy)},
        {"loss", paired(difference_interval, loss()), limits.loss}};
    for (auto& [criterion, interval, threshold, verdict] : all) {
      if (!threshold) continue;
      const bool is_difference = criterion == "accuracy" || criterion == "loss";
      verdict = is_difference ? judge_within(interval, *threshold) : judge_at_least(interval, *threshold);
    }
    return all;
  }

 private:
  double Measurement::*loss() const {
    return result_.validation_loss ? &Measurement::validation_loss : &Measurement::last_tenth_loss;
  }
  std::vector<double> values(std::size_t contender, double Measurement::*member) const {
    return column(repeats_, contender, [member](const Measurement& run) { return run.*member; });
  }

  const std::vector<Repeat>& repeats_;
  BenchResult& result_;
};

}  // namespace

const Comparison& ContenderResult::comparison(std::string_view criterion) const {
  const auto found = std::find_if(comparisons.begin(), comparisons.end(),
                                  [&](const Comparison& c) { return c.criterion == criterion; });
  if (found == comparisons.end()) throw std::logic_error("no comparison by " + std::string(criterion));
  return *found;
}

bool BenchResult::all_learned() const {
  return std::all_of(contenders.begin(), contenders.end(), [](const auto& c) { return c.learned(); });
}

bool BenchResult::all_met() const {
  const auto met = [](const Comparison& c) { return !c.threshold || c.verdict == Verdict::met; };
  return all_learned() && std::all_of(contenders.begin(), contenders.end(), [&](const ContenderResult& contender) {
           return std::all_of(contender.comparisons.begin(), contender.comparisons.end(), met);
         });
}

BenchResult compare(const std::vector<std::string>& contenders, const std::vector<Repeat>& repeats,
                    const Thresholds& thresholds) {
  const auto& first = repeats.at(0).runs.at(0);
  BenchResult result;
  result.device = first.device;
  result.steps = first.steps;
  result.warmup_steps = first.warmup_steps;
  result.repeats = repeats.size();
  result.thresholds = thresholds;
  result.tensor_memory = all_finite(repeats, &Measurement::tensor_bytes);
  // A loss that exploded is not a missing loss.
  result.validation_loss = baseline_has(repeats, &Measurement::validation_loss);
  result.accuracy = baseline_has(repeats, &Measurement::accuracy);
  const Comparer comparer(repeats, result);
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    result.contenders.push_back(comparer.describe(contenders[i], i));
    if (i > 0) result.contenders[i].comparisons = comparer.against_baseline(i);
  }
  for (auto& contender : result.contenders) {
    if (contender.learned() && result.contenders[0].learned()) continue;
    for (auto& comparison : contender.comparisons) comparison.verdict.reset();
  }
  return result;
}

void require_same_start(const std::string& contender, const Measurement& run, const std::string& other_contender,
                        const Measurement& other, std::uint64_t seed) {
  std::string what;
  if (const auto data = data_differences(other.data, run.data); !data.empty()) {
    what = fmt::format("read different data: {}", fmt::join(data, "; "));
  } else if (run.initial_parameters_sha256 != other.initial_parameters_sha256) {
    what = "began with different weights: the model's initial values depend on more than the seed";
  } else if (run.samples_hash != other.samples_hash) {
    what = "were trained on different samples, or in another order";
  } else if (run.device != other.device) {
    what = fmt::format("ran on different devices, {} and {}", run.device, other.device);
  } else {
    return;
  }
  throw std::runtime_error(fmt::format("{} and {} cannot be compared: with seed {} they {}\n  {}\n  {}", contender,
                                       other_contender, seed, what, run.directory.string(), other.directory.string()));
}

void require_same_files(const Measurement& run, const Measurement& first) {
  const auto data = data_differences(without_splits(first.data), without_splits(run.data));
  if (data.empty()) return;
  throw std::runtime_error(fmt::format("the repeats cannot be compared: they read different data: {}\n  {}\n  {}",
                                       fmt::join(data, "; "), run.directory.string(), first.directory.string()));
}

}  // namespace binade::host
