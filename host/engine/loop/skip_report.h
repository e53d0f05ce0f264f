// Explains skipped steps: where the overflow is, how often it happens, and whether to expect that.
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
  // Must be called for every step, in order. Returns a message for some skipped steps: the first ones, then the 10th,
  // 100th, ... of those that were expected and of those that were not. Steps whose loss is not finite are only counted:
  // step_reporter.h reports them with their samples.
  std::optional<Message> add(const StepRecord& record);

  // By cause and gradient, the most frequent first.
  std::vector<SkipCount> counts() const;

  nlohmann::json state() const;
  // Throws nlohmann::json::exception.
  void load(const nlohmann::json& state);

 private:
  static constexpr std::uint64_t window = 1000;  // steps

  // Why the skip is harmless; empty when it may not be.
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
