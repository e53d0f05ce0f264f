// A benchmark's result as a program reads it.
#pragma once

#include <string>

#include "host/bench/bench_report.h"

namespace binade::host {

// Returns the whole result with every run as JSON. Values that are not finite or not known are null.
std::string bench_json(const BenchReport& report);

}  // namespace binade::host
