// Records the activity of the training thread, for the watchdog.
#pragma once

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace binade::host {

enum class Activity : std::uint8_t {
  starting,
  data,
  forward,
  backward,
  optimizer,
  logging,
  evaluation,
  checkpoint,
  ending
};
constexpr std::size_t activity_count = 9;
constexpr std::array<std::string_view, activity_count> activity_names{
    "starting", "data", "forward", "backward", "optimizer", "logging", "evaluation", "checkpoint", "ending"};

// Written by the training thread only. Does not read a clock.
class Progress {
 public:
  // Called by the training thread each time it starts an activity, also if it is the same as before. Does not return
  // after halt().
  void enter(Activity activity, std::uint64_t step) noexcept {
    step_.store(step, std::memory_order_relaxed);
    ++entered_;
    const auto word = entered_ << activity_bits | static_cast<std::uint64_t>(activity);
    if (word_.exchange(word, std::memory_order_acq_rel) == halted) {
      for (;;) pause();
    }
  }

  struct Reading {
    Activity activity = Activity::starting;
    std::uint64_t step = 0;
    std::uint64_t entered = 0;  // number of activities started so far
  };
  // Any thread.
  Reading read() const noexcept {
    const auto word = word_.load(std::memory_order_acquire);
    return {static_cast<Activity>(word & ((1u << activity_bits) - 1)), step_.load(std::memory_order_relaxed),
            word >> activity_bits};
  }

  // Makes the training thread stop at the end of the activity in `reading`, so that its data can be read safely.
  // Returns false if that activity has already ended. Any thread; the process must end afterwards.
  bool halt(const Reading& reading) noexcept {
    auto word = reading.entered << activity_bits | static_cast<std::uint64_t>(reading.activity);
    return word_.compare_exchange_strong(word, halted, std::memory_order_acq_rel);
  }

 private:
  static constexpr unsigned activity_bits = 4;
  static constexpr std::uint64_t halted = ~std::uint64_t{0};

  std::atomic<std::uint64_t> word_{0}, step_{0};
  std::uint64_t entered_ = 0;  // used by the training thread only
};

}  // namespace binade::host
