#include "host/commands/bench_metrics.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

namespace binade::host {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> contenders{"full", "half"};

TEST(BenchMetrics, TellProgressBeforeAnyResult) {
  BenchMetrics metrics("bench-1", "spirals", contenders, 5);
  metrics.run_finished("half");
  EXPECT_THAT(metrics.text(), HasSubstr("binade_bench_runs_planned{contender=\"full\",run_id=\"bench-1\"} 5"));
  EXPECT_THAT(metrics.text(), HasSubstr("binade_bench_runs_completed{contender=\"half\",run_id=\"bench-1\"} 1"));
  EXPECT_THAT(metrics.text(),
              HasSubstr("binade_bench_info{baseline=\"full\",run_id=\"bench-1\",run_name=\"spirals\"} 1"));
}

TEST(BenchMetrics, HoldIntervalsAndVerdicts) {
  BenchResult result;
  result.repeats = 3;
  result.contenders.resize(2);
  result.contenders[0].id = "full";
  auto& half = result.contenders[1];
  half.id = "half";
  half.learning.learned = true;
  half.tensor_bytes = 4096;
  half.comparisons = {{"speedup", {1.6, 1.55, 1.65}, 1.5, Verdict::met},
                      {"allocator_memory", {50, 50, 50}, 40, Verdict::met},
                      {"process_memory", {10, 5, 15}},
                      {"accuracy", {0, -0.5, 0.5}, 0.01, Verdict::cannot_tell},
                      {"loss", {0, 0, 0}}};
  BenchMetrics metrics("bench-1", "spirals", contenders, 5);
  metrics.show(result);
  const auto text = metrics.text();
  for (const auto* line :
       {"binade_bench_speedup_ratio{bound=\"lower\",contender=\"half\",run_id=\"bench-1\"} 1.55",
        "binade_bench_peak_memory_bytes{contender=\"half\",memory=\"allocator\",run_id=\"bench-1\"} 4096",
        "binade_bench_memory_reduction_ratio{bound=\"upper\",contender=\"half\",memory=\"process\",run_id=\"bench-1\"} "
        "0.15",
        "criterion=\"speedup\",run_id=\"bench-1\",verdict=\"met\"} 1",
        "criterion=\"speedup\",run_id=\"bench-1\",verdict=\"cannot_tell\"} 0",
        "criterion=\"accuracy\",run_id=\"bench-1\",verdict=\"cannot_tell\"} 1",
        "binade_bench_learned{contender=\"full\",run_id=\"bench-1\"} 0",
        "binade_bench_repeats_completed{run_id=\"bench-1\"} 3"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("criterion=\"loss\""))) << "not judged";
}

TEST(BenchMetrics, StandInTheMonitoringReadme) {
  std::ifstream file(BINADE_SOURCE_DIR "/monitoring/README.md");
  std::stringstream readme;
  readme << file.rdbuf();
  EXPECT_THAT(readme.str(), HasSubstr(metric_reference(bench_metric_catalogue())));
}

}  // namespace
}  // namespace binade::host
