#include "host/bench/verdict.h"

namespace binade::host {

Verdict judge_at_least(const Interval& interval, double threshold) {
  if (interval.low >= threshold) return Verdict::met;
  return interval.high < threshold ? Verdict::not_met : Verdict::cannot_tell;
}

Verdict judge_within(const Interval& interval, double threshold) {
  if (interval.low > -threshold && interval.high < threshold) return Verdict::met;
  return interval.high <= -threshold || interval.low >= threshold ? Verdict::not_met : Verdict::cannot_tell;
}

}  // namespace binade::host
