// A benchmark's result as a person reads it, and as a program does.
#pragma once

#include <string>

#include "host/bench/bench_plan.h"
#include "host/cli/terminal.h"

namespace binade::host {

// What surrounds the numbers.
struct BenchReport {
  const BenchArguments& arguments;
  const BenchPlan& plan;
  std::filesystem::path directory;     // as a person would type it from here
  std::string state;                   // "finished", "interrupted", "failed"
  const std::vector<Repeat>& repeats;  // complete ones
  const BenchResult& result;
  std::vector<std::string> nothing_learned, advice;
};

// Tables of what was measured and of each contender against the baseline, with verdicts; many lines.
std::string bench_table(const BenchReport& report, const Paint& paint);

// Everything, every run included, as JSON; null for what is not finite or not known.
std::string bench_json(const BenchReport& report);

}  // namespace binade::host
