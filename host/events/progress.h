// What the training thread is in, for the watchdog.
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

// One writer, the training thread; no clock is read.
class Progress {
 public:
  // The training thread, each time that it begins something else, or the same once more. Does not return after halt().
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
    std::uint64_t entered = 0;  // differs from any other reading's unless the thread is in the very same thing
  };
  // Any thread.
  Reading read() const noexcept {
    const auto word = word_.load(std::memory_order_acquire);
    return {static_cast<Activity>(word & ((1u << activity_bits) - 1)), step_.load(std::memory_order_relaxed),
            word >> activity_bits};
  }

  // Stops the training thread when it leaves what `reading` says, so that what it had written until then may be read.
  // False when it has left it already. Any thread; the process is to end after that.
  bool halt(const Reading& reading) noexcept {
    auto word = reading.entered << activity_bits | static_cast<std::uint64_t>(reading.activity);
    return word_.compare_exchange_strong(word, halted, std::memory_order_acq_rel);
  }

 private:
  static constexpr unsigned activity_bits = 4;
  static constexpr std::uint64_t halted = ~std::uint64_t{0};

  std::atomic<std::uint64_t> word_{0}, step_{0};
  std::uint64_t entered_ = 0;  // the training thread's
};

}  // namespace binade::host
