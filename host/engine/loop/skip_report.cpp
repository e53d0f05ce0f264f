#include "host/engine/loop/skip_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "host/storage/state_json.h"

namespace binade::host {
namespace {

std::string ordinal(std::uint64_t n) {
  const auto tens = n % 100 / 10, ones = n % 10;
  return fmt::format("{}{}", n, tens == 1 || ones == 0 || ones > 3 ? "th" : ones == 1 ? "st" : ones == 2 ? "nd" : "rd");
}

// 1 to 5, then 10, 100, ...
bool is_reported(std::uint64_t count) {
  constexpr std::uint64_t all_up_to = 5;
  if (count <= all_up_to) return true;
  while (count % 10 == 0) count /= 10;
  return count == 1;
}

std::string what_happened(SkipCause cause, const std::string& parameter) {
  switch (cause) {
    case SkipCause::overflow:
      return parameter.empty() ? "overflow" : fmt::format("overflow in `{}`", parameter);
    case SkipCause::nan:
      return parameter.empty() ? "NaN" : fmt::format("NaN in `{}`", parameter);
    case SkipCause::norm:
      return "the gradients are finite, but their norm is not";
    case SkipCause::policy:
      return "the precision policy decided so";
    default:
      return std::string(skip_cause_names[static_cast<std::size_t>(cause)]);
  }
}

}  // namespace

std::optional<SkipReport::Message> SkipReport::add(const StepRecord& record) {
  while (!recent_.empty() && recent_.front() + window <= record.step) recent_.pop_front();
  if (record.next_loss_scale > record.loss_scale) ever_grown_ = grown_since_skip_ = true;
  if (!record.skipped) {
    in_a_row_ = 0;
    return std::nullopt;
  }
  ++in_a_row_;
  recent_.push_back(record.step);
  const auto first = record.nonfinite.first;
  const auto parameter = first < 0 ? std::string() : names_[static_cast<std::size_t>(first)];
  count(record.skip_cause, parameter);
  if (record.skip_cause == SkipCause::loss) return std::nullopt;

  const auto expected = reason_to_expect(record);
  grown_since_skip_ = false;
  if (!is_reported(expected.empty() ? ++unexpected_ : ++expected_)) return std::nullopt;
  const auto scale = dynamic_scaling_ ? fmt::format(" at loss scale {:g}", record.loss_scale) : "";
  return Message{!expected.empty(),
                 fmt::format("step {} skipped: {}{}; {} skip in {} steps; {}", record.step,
                             what_happened(record.skip_cause, parameter), scale, ordinal(recent_.size()),
                             std::min(record.step, window), expected.empty() ? reason_to_worry(record) : expected)};
}

std::string SkipReport::reason_to_expect(const StepRecord& record) const {
  if (record.skip_cause == SkipCause::policy) return "the policy's own decision";
  if (!dynamic_scaling_ || record.at_min_scale || record.skip_cause != SkipCause::overflow) return {};
  if (!ever_grown_) return "expected while the scale calibrates";
  if (is_storm(record)) return {};
  if (grown_since_skip_) return "expected now and then: the scale had grown too high";
  if (in_a_row_ == 1) return "a single step with larger gradients, which is no reason to worry";
  return {};
}

std::string SkipReport::reason_to_worry(const StepRecord& record) const {
  if (!dynamic_scaling_)
    return "without loss scaling this is the model's or the data's fault: a lower [optimizer] lr may help";
  if (record.skip_cause == SkipCause::nan) return "no scale prevents NaN: look at the model for 0/0, log(0) or sqrt(0)";
  if (record.skip_cause == SkipCause::norm) return "training diverges: a lower [optimizer] lr may help";
  if (record.at_min_scale) {
    return "the scale is at its floor, so scaling is not to blame: training diverges, or this part of the model needs "
           "fp32 ([precision.overrides])";
  }
  if (is_storm(record)) {
    return "more than a fifth of the steps is skipped: training may diverge, or this part of the model needs fp32 "
           "([precision.overrides])";
  }
  return fmt::format(
      "{} in a row is more than a scale that has grown too far explains: training may diverge, or this "
      "part of the model needs fp32 ([precision.overrides])",
      in_a_row_);
}

// monitoring/ alerts at the same share.
bool SkipReport::is_storm(const StepRecord& record) const {
  constexpr std::uint64_t enough = 100, fifth = 5;  // fewer steps say little
  return record.step >= enough && fifth * recent_.size() > std::min(record.step, window);
}

void SkipReport::count(SkipCause cause, const std::string& parameter) {
  const auto found = std::find_if(counts_.begin(), counts_.end(), [&](const SkipCount& known) {
    return known.cause == cause && known.parameter == parameter;
  });
  if (found != counts_.end()) {
    ++found->steps;
  } else {
    counts_.push_back({cause, parameter, 1});
  }
}

nlohmann::json SkipReport::state() const {
  auto counts = nlohmann::json::array();
  for (const auto& [cause, parameter, steps] : counts_) {
    counts.push_back({{"cause", static_cast<int>(cause)}, {"parameter", parameter}, {"steps", steps}});
  }
  return {{"recent", recent_},          {"in_a_row", in_a_row_},
          {"ever_grown", ever_grown_},  {"grown_since_skip", grown_since_skip_},
          {"expected", expected_},      {"unexpected", unexpected_},
          {"counts", std::move(counts)}};
}

void SkipReport::load(const nlohmann::json& state) {
  recent_.clear();
  for (const auto& step : state.at("recent")) recent_.push_back(to_unsigned(step));
  in_a_row_ = to_unsigned(state.at("in_a_row"));
  state.at("ever_grown").get_to(ever_grown_);
  state.at("grown_since_skip").get_to(grown_since_skip_);
  expected_ = to_unsigned(state.at("expected"));
  unexpected_ = to_unsigned(state.at("unexpected"));
  counts_.clear();
  for (const auto& count : state.at("counts")) {
    const auto cause = to_unsigned_below(skip_cause_names.size(), count.at("cause"));
    counts_.push_back({static_cast<SkipCause>(cause), count.at("parameter"), to_unsigned(count.at("steps"))});
  }
}

std::vector<SkipCount> SkipReport::counts() const {
  auto sorted = counts_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.steps > b.steps; });
  return sorted;
}

}  // namespace binade::host
