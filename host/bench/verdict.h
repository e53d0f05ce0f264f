// What a benchmark's interval says about a threshold. An interval that contains the threshold comes from too few runs
// to tell.
#pragma once

#include <array>
#include <string_view>

#include "host/bench/statistics.h"

namespace binade::host {

enum class Verdict { met, not_met, cannot_tell };
constexpr std::array<std::string_view, 3> verdict_names{"met", "not met", "cannot tell"};

// Speed and memory: met when the whole interval is at or above the threshold, not met when all of it is below.
Verdict judge_at_least(const Interval& interval, double threshold);

// Accuracy and loss: met when the whole interval lies inside (-threshold, threshold), not met when all of it lies
// outside on one side.
Verdict judge_within(const Interval& interval, double threshold);

}  // namespace binade::host
