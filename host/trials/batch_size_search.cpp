#include "host/trials/batch_size_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "binade/abi/plugin.h"
#include "host/base/read_file.h"
#include "host/cli/exit_codes.h"
#include "host/cli/signals.h"
#include "host/cli/terminal.h"
#include "host/loading/catalog.h"
#include "host/run/trial.h"
#include "host/trials/trials_folder.h"

namespace binade::host {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr double margin = 0.9;
constexpr double mebibyte = 1 << 20;

// Bytes that a new process may use: what the system has available, or less if a control group allows less.
double available_bytes() {
  double available = 0;
  std::ifstream file("/proc/meminfo");
  for (std::string name, unit; file >> name;) {
    double value = 0;
    file >> value;
    std::getline(file, unit);
    if (name == "MemAvailable:") available = value * 1024;
  }
  const auto number_in = [](const char* path) {
    double value = 0;
    std::ifstream limit(path);
    return limit >> value ? value : 0;  // "max" is not a number: no limit
  };
  const double limit = number_in("/sys/fs/cgroup/memory.max"), used = number_in("/sys/fs/cgroup/memory.current");
  return limit > 0 ? std::min(available, limit - used) : available;
}

class Stopped {};

class Search {
 public:
  Search(const BatchSizeSearch& asked, const Experiment& experiment, const CommandLine& line)
      : asked_(asked),
        line_(line),
        budget_(asked.memory_bytes > 0 ? asked.memory_bytes : margin * available_bytes()),
        directory_(make_trials_folder(experiment, asked.runs, "batch-size-")),
        first_(experiment.train.batch_size) {}

  int run() {
    tell(BINADE_LOG_INFO, fmt::format("memory for a trial: {:.0f} MiB", budget_ / mebibyte));
    constexpr std::uint64_t most = 1u << 30u;
    try {
      // The first trial tells how many samples there are: a batch cannot be larger.
      const bool fits = try_size(first_);
      const auto largest = samples_ > 0 ? std::max(samples_, first_) : most;
      const auto best =
          largest_fitting(first_, largest, [&](std::uint64_t size) { return size == first_ ? fits : try_size(size); });
      return report(best, best == largest);
    } catch (const Stopped&) {
      return exit_code_before_the_work(stop_signal().load());
    }
  }

 private:
  bool try_size(std::uint64_t size) {
    auto& trial = trials_.emplace_back(BatchSizeTrial{size});
    const auto predicted = predicted_bytes(trials_, size);
    if (predicted && *predicted > budget_) {
      tell(BINADE_LOG_INFO, fmt::format("batch size {}: not tried, because it would need about {:.0f} MiB", size,
                                        *predicted / mebibyte));
      return false;
    }
    const auto end = run_trial({.experiment = directory_.path() / "experiment.toml",
                                .folder = directory_.path(),
                                .name = fmt::format("size-{}", size),
                                .overrides = overrides(size)},
                               line_.executable(), stop_signal());
    if (stop_signal().load() != 0) throw Stopped();
    trial.peak_bytes = end.process.peak_bytes;
    if (!end.finished()) require_lack_of_memory(end, size);
    trial.fits = end.finished() && trial.peak_bytes <= budget_;
    if (end.finished()) {
      const auto summary = OrderedJson::parse(read_file(end.directory / "summary.json"));
      const auto& speed = summary.at("samples_per_second");
      trial.samples_per_second = speed.is_number() ? speed.get<double>() : 0;
      samples_ = summary.at("train_samples").get<std::uint64_t>();
    }
    tell(BINADE_LOG_INFO, trial.fits ? fmt::format("batch size {}: {} samples/s, {:.0f} MiB", size,
                                                   short_number(trial.samples_per_second), trial.peak_bytes / mebibyte)
                                     : fmt::format("batch size {}: out of memory", size));
    return trial.fits;
  }

  std::vector<std::string> overrides(std::uint64_t size) const {
    auto all = short_run(asked_.steps);
    all.push_back(fmt::format("train.batch_size={}", size));
    return all;
  }

  // A run that failed for another reason ends the search.
  static void require_lack_of_memory(const TrialEnd& end, std::uint64_t size) {
    constexpr int killed = 128 + 9;  // by the kernel, which was out of memory
    if (end.process.exit_code == killed || last_words(end.log).find("out of memory") != std::string::npos) return;
    throw std::runtime_error(fmt::format("the run with batch size {} failed with {}", size, end.failure()));
  }

  int report(std::uint64_t best, bool all_samples) {
    std::sort(trials_.begin(), trials_.end(), [](const auto& a, const auto& b) { return a.batch_size < b.batch_size; });
    const auto fastest = std::max_element(trials_.begin(), trials_.end(), [](const auto& a, const auto& b) {
      return a.samples_per_second < b.samples_per_second;
    });
    OrderedJson json{{"largest", best},
                     {"fastest", fastest->batch_size},
                     {"memory_bytes", budget_},
                     {"trials", OrderedJson::array()}};
    for (const auto& trial : trials_) {
      json["trials"].push_back({{"batch_size", trial.batch_size},
                                {"fits", trial.fits},
                                {"peak_bytes", trial.peak_bytes},
                                {"samples_per_second", trial.samples_per_second}});
    }
    const auto text = json.dump(2) + "\n";
    directory_.write("summary.json", text);
    if (asked_.json) {
      show("{}", Lines{text});
    } else {
      print(best, *fastest, all_samples);
    }
    return best > 0 ? exit_ok : exit_run_failed;
  }

  void print(std::uint64_t best, const BatchSizeTrial& fastest, bool all_samples) const {
    const Paint paint(wants_color(line_.color(), stdout));
    show("{:>12}{:>16}{:>14}\n", "batch size", "samples/s", "memory");
    for (const auto& trial : trials_) {
      show("{:>12}{:>16}{:>14}\n", trial.batch_size, trial.fits ? short_number(trial.samples_per_second) : "-",
           trial.fits ? fmt::format("{:.0f} MiB", trial.peak_bytes / mebibyte) : std::string("too much"));
    }
    if (best == 0) return show("\nno batch size fits: a single sample needs too much memory\n");
    show("\n{} {}{}\n{} {}\n", paint.green("largest:"), best, all_samples ? ", which is the whole training split" : "",
         paint.green("fastest:"), fastest.batch_size);
  }

  void tell(std::int32_t level, const std::string& text) const { log_line(line_.color(), level, text); }

  const BatchSizeSearch& asked_;
  const CommandLine& line_;
  double budget_;
  RunDirectory directory_;
  std::uint64_t first_;
  std::uint64_t samples_ = 0;  // of the training split, once known
  std::vector<BatchSizeTrial> trials_;
};

}  // namespace

std::uint64_t largest_fitting(std::uint64_t first, std::uint64_t largest,
                              const std::function<bool(std::uint64_t)>& fits) {
  std::uint64_t good = 0, bad = largest + 1;
  if (fits(first)) {
    good = first;
    while (good < largest && bad > largest) {
      const auto next = std::min(largest, good > largest / 2 ? largest : 2 * good);
      if (fits(next)) {
        good = next;
      } else {
        bad = next;
      }
    }
  } else {
    bad = first;
    for (auto size = first / 2; size > 0 && good == 0; size /= 2) {
      if (fits(size)) {
        good = size;
      } else {
        bad = size;
      }
    }
  }
  constexpr std::uint64_t share = 8;
  while (good > 0 && bad - good > std::max<std::uint64_t>(1, good / share)) {
    const auto middle = good + (bad - good) / 2;
    if (fits(middle)) {
      good = middle;
    } else {
      bad = middle;
    }
  }
  return good;
}

std::optional<double> predicted_bytes(const std::vector<BatchSizeTrial>& trials, std::uint64_t batch_size) {
  std::vector<const BatchSizeTrial*> known;
  for (const auto& trial : trials) {
    if (trial.fits && trial.batch_size != batch_size) known.push_back(&trial);
  }
  if (known.size() < 2) return std::nullopt;
  std::sort(known.begin(), known.end(), [](const auto* a, const auto* b) { return a->batch_size < b->batch_size; });
  const auto &small = **(known.end() - 2), &large = *known.back();
  const double per_sample =
      (large.peak_bytes - small.peak_bytes) / static_cast<double>(large.batch_size - small.batch_size);
  if (batch_size <= large.batch_size || !(per_sample > 0)) return std::nullopt;
  return large.peak_bytes + per_sample * static_cast<double>(batch_size - large.batch_size);
}

int find_batch_size(const BatchSizeSearch& asked, const CommandLine& line) {
  const Catalog catalog(line.plugin_folders());  // its manifests are part of the experiment
  const auto experiment = asked.experiment.load(catalog, line.color());
  if (!experiment) return exit_usage;
  return Search(asked, *experiment, line).run();
}

}  // namespace binade::host
