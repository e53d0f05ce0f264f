// Event sinks for tests: both call the test's function at each event, and one records the events.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "binade/options.h"
#include "host/telemetry/loggers/logger.h"

namespace binade::host {

struct Recording {
  std::mutex mutex;
  std::vector<std::string> events;  // "start", "step 3", "evaluation", "message text", "end", "flush"

  void add(std::string event) {
    const std::lock_guard lock(mutex);
    events.push_back(std::move(event));
  }
  std::vector<std::string> all() {
    const std::lock_guard lock(mutex);
    return events;
  }
};

class RecordingSink : public EventSink {
 public:
  explicit RecordingSink(
      std::shared_ptr<Recording> recording, std::function<void()> before_write = [] {})
      : recording_(std::move(recording)), before_write_(std::move(before_write)) {}
  ~RecordingSink() override { recording_->add("destroyed"); }

  void write(const binade_event& event) override {
    before_write_();
    recording_->add(describe(event));
  }
  void flush() override { recording_->add("flush"); }

 private:
  static std::string describe(const binade_event& event) {
    switch (event.type) {
      case BINADE_EVENT_RUN_START:
        return "start";
      case BINADE_EVENT_STEP:
        return "step " + std::to_string(reinterpret_cast<const binade_step_event&>(event).step);
      case BINADE_EVENT_EVALUATION:
        return "evaluation";
      case BINADE_EVENT_MESSAGE:
        return "message " + std::string(view(reinterpret_cast<const binade_message_event&>(event).text));
      default:
        return "end";
    }
  }

  std::shared_ptr<Recording> recording_;
  std::function<void()> before_write_;
};

// Calls the test's function at each event, without recording.
class CallingSink : public EventSink {
 public:
  explicit CallingSink(std::function<void()> at_each) : at_each_(std::move(at_each)) {}
  void write(const binade_event&) override { at_each_(); }
  void flush() override {}

 private:
  std::function<void()> at_each_;
};

// Blocks threads until it is opened.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    reached_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  void wait_until_reached() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return reached_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool reached_ = false, open_ = false;
};

}  // namespace binade::host
