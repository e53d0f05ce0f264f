// A benchmark's result with what surrounds the numbers.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/bench/bench_plan.h"

namespace binade::host {

struct BenchReport {
  const BenchArguments& arguments;
  const BenchPlan& plan;
  std::filesystem::path directory;     // relative to the current folder
  std::string state;                   // "finished", "interrupted", "failed"
  const std::vector<Repeat>& repeats;  // complete repeats only
  const BenchResult& result;
  std::vector<std::string> nothing_learned, advice;
};

}  // namespace binade::host
