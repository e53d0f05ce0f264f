// A benchmark's result as a person reads it.
#pragma once

#include <string>

#include "host/bench/bench_report.h"
#include "host/cli/terminal.h"

namespace binade::host {

// Returns tables of the measurements and of each contender against the baseline, with verdicts.
std::string bench_table(const BenchReport& report, const Paint& paint);

}  // namespace binade::host
