// A benchmark's progress and result as Prometheus metrics, served while it runs and written to bench.prom at its end.
#pragma once

#include <prometheus/collectable.h>

#include <span>
#include <string>

#include "host/bench/result.h"
#include "host/telemetry/metric_families.h"

namespace binade::host {

std::span<const MetricSpec> bench_metric_catalogue();

class BenchMetrics : public prometheus::Collectable {
 public:
  // `run_id`: the name of the benchmark's directory, a label of every series. `contenders`: the baseline first.
  BenchMetrics(const std::string& run_id, const std::string& run_name, const std::vector<std::string>& contenders,
               std::uint64_t repeats);

  void run_finished(const std::string& contender);
  void show(const BenchResult& result);

  std::vector<prometheus::MetricFamily> Collect() const override { return families_.collect(); }
  std::string text() const;  // the exposition format

 private:
  void show(const ContenderResult& contender);
  void show(const std::string& name, const MetricFamilies::Labels& labels, const Interval& interval, double unit = 1);

  MetricFamilies families_;
};

}  // namespace binade::host
