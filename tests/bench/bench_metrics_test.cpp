#include "host/bench/bench_metrics.h"

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
  EXPECT_THAT(metrics.text(), HasSubstr("binade_bench_runs_planned{run_id=\"bench-1\",contender=\"full\"} 5"));
  EXPECT_THAT(metrics.text(), HasSubstr("binade_bench_runs_completed{run_id=\"bench-1\",contender=\"half\"} 1"));
  EXPECT_THAT(metrics.text(),
              HasSubstr("binade_bench_info{run_id=\"bench-1\",baseline=\"full\",run_name=\"spirals\"} 1"));
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
       {"binade_bench_speedup_ratio{run_id=\"bench-1\",bound=\"lower\",contender=\"half\"} 1.55",
        "binade_bench_peak_memory_bytes{run_id=\"bench-1\",contender=\"half\",memory=\"allocator\"} 4096",
        "binade_bench_memory_reduction_ratio{run_id=\"bench-1\",bound=\"upper\",contender=\"half\",memory=\"process\"} "
        "0.15",
        "criterion=\"speedup\",verdict=\"met\"} 1", "criterion=\"speedup\",verdict=\"cannot_tell\"} 0",
        "criterion=\"accuracy\",verdict=\"cannot_tell\"} 1",
        "binade_bench_learned{run_id=\"bench-1\",contender=\"full\"} 0",
        "binade_bench_repeats_completed{run_id=\"bench-1\"} 3"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("criterion=\"loss\""))) << "not judged";
}

TEST(BenchMetrics, AreListedInTheMonitoringReadme) {
  std::ifstream file(BINADE_SOURCE_DIR "/monitoring/README.md");
  std::stringstream readme;
  readme << file.rdbuf();
  EXPECT_THAT(readme.str(), HasSubstr(metric_reference(bench_metric_catalogue())));
}

}  // namespace
}  // namespace binade::host
