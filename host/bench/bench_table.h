// A benchmark's result as a person reads it.
#pragma once

#include <string>

#include "host/bench/bench_report.h"
#include "host/cli/terminal.h"

namespace binade::host {

// Tables of what was measured and of each contender against the baseline, with verdicts; many lines.
std::string bench_table(const BenchReport& report, const Paint& paint);

}  // namespace binade::host
