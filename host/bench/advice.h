// What a benchmark's numbers mean for whoever has to choose, in words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/bench/result.h"

namespace binade::host {

// One sentence or two for each contender that is slower than the baseline with its whole interval: that it cannot win
// here, and on a CPU why, as far as `cpuinfo` (the text of /proc/cpuinfo) tells; and that too few repeats were made to
// say something, or that nothing but speed and memory is judged.
std::vector<std::string> bench_advice(const BenchResult& result, std::string_view cpuinfo);

// One for each contender that learned nothing, with its numbers.
std::vector<std::string> nothing_learned(const BenchResult& result);

}  // namespace binade::host
