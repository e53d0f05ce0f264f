// Explains in words what a benchmark's numbers mean for the choice of a precision.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/bench/result.h"

namespace binade::host {

// Returns a sentence or two about each contender whose whole interval is slower than the baseline, on a CPU with the
// reason as far as `cpuinfo` (the text of /proc/cpuinfo) shows it. Also says when there were too few repeats, and when
// only speed and memory are judged.
std::vector<std::string> bench_advice(const BenchResult& result, std::string_view cpuinfo);

// Returns a sentence for each contender that learned nothing, with its numbers.
std::vector<std::string> nothing_learned(const BenchResult& result);

}  // namespace binade::host
