// A benchmark's result as a program reads it.
#pragma once

#include <string>

#include "host/bench/bench_report.h"

namespace binade::host {

// Everything, every run included, as JSON; null for what is not finite or not known.
std::string bench_json(const BenchReport& report);

}  // namespace binade::host
