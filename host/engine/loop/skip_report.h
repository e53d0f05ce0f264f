// What a skipped step means, in words: where it happened, how often it does, and whether that is to be expected.
#pragma once

#include <cstdint>
#include <deque>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "host/events/events.h"

namespace binade::host {

class SkipReport {
 public:
  explicit SkipReport(std::vector<std::string> parameter_names, bool dynamic_scaling)
      : names_(std::move(parameter_names)), dynamic_scaling_(dynamic_scaling) {}

  struct Message {
    bool expected = true;
    std::string text;
  };
  // Every step, in order. A message for a skipped one that is worth telling: the first ones, then, while they go on,
  // the 10th, 100th, ... of those that were expected and of those that were not. Steps whose loss is not finite are
  // counted and not told: the loop tells them with their samples.
  std::optional<Message> add(const StepRecord& record);

  // By cause and gradient, the most frequent first.
  std::vector<SkipCount> counts() const;

  nlohmann::json state() const;
  // Throws nlohmann::json::exception.
  void load(const nlohmann::json& state);

 private:
  static constexpr std::uint64_t window = 1000;  // steps

  // Why the skip is no fault; empty when it may be one.
  std::string reason_to_expect(const StepRecord& record) const;
  std::string reason_to_worry(const StepRecord& record) const;
  bool is_storm(const StepRecord& record) const;
  void count(SkipCause cause, const std::string& parameter);

  std::vector<std::string> names_;
  bool dynamic_scaling_;
  std::deque<std::uint64_t> recent_;  // skipped steps within the window
  std::uint64_t in_a_row_ = 0;
  bool ever_grown_ = false;
  bool grown_since_skip_ = false;
  std::uint64_t expected_ = 0, unexpected_ = 0;
  std::vector<SkipCount> counts_;
};

}  // namespace binade::host
