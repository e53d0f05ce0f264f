// Forwarding of a run's events to all listeners.
#include "host/telemetry/telemetry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exposition.h"
#include "recording_sink.h"
#include "tests/support/step_record.h"

namespace binade::host {
namespace {

using testing::Contains;
using testing::ElementsAre;

class Listener : public RunListener {
 public:
  void run_started(const RunStarted&) noexcept override { heard.emplace_back("start"); }
  void state_changed(RunState) noexcept override { heard.emplace_back("state"); }
  void step(const StepRecord&) noexcept override { heard.emplace_back("step"); }
  void evaluated(const EvaluationRecord&) noexcept override { heard.emplace_back("evaluation"); }
  void message(int, std::string_view) noexcept override { heard.emplace_back("message"); }
  void run_ended(const RunEnded&) noexcept override { heard.emplace_back("end"); }

  std::vector<std::string> heard;
};

class TelemetryTest : public testing::Test {
 protected:
  static RunIdentity identity() {
    RunIdentity run;
    run.run_id = "test-run";
    return run;
  }
  void add_logger(const std::string& plugin) {
    telemetry_.add_logger(plugin, std::make_unique<RecordingSink>(recording_), {}, 8);
  }
  void tell_a_run() {
    telemetry_.run_started({});
    telemetry_.state_changed(RunState::running);
    telemetry_.step(step_record());
    telemetry_.evaluated({});
    telemetry_.message(0, "text");
    telemetry_.run_ended({});
  }

  std::shared_ptr<Recording> recording_ = std::make_shared<Recording>();
  std::shared_ptr<Metrics> metrics_ = std::make_shared<Metrics>(identity());
  Listener listener_;
  Telemetry telemetry_{metrics_, {&listener_}, [](int, const std::string&) {}};
};

TEST_F(TelemetryTest, TellsMetricsLoggersAndOthersEverything) {
  add_logger("probe");
  tell_a_run();
  telemetry_.close();
  EXPECT_THAT(listener_.heard, ElementsAre("start", "state", "step", "evaluation", "message", "end"));
  EXPECT_EQ(value_of(*metrics_, "binade_step"), "1");
  auto events = recording_->all();
  std::erase(events, "flush");
  EXPECT_THAT(events, ElementsAre("start", "step 1", "evaluation", "message text", "end", "destroyed"));
}

TEST_F(TelemetryTest, TellsLoggersAndOthersWhereNobodyWantsMetrics) {
  Telemetry telemetry(nullptr, {&listener_}, [](int, const std::string&) {});
  telemetry.add_logger("probe", std::make_unique<RecordingSink>(recording_), {}, 8);
  telemetry.step({});
  telemetry.close();
  EXPECT_THAT(listener_.heard, ElementsAre("step"));
  EXPECT_THAT(recording_->all(), Contains("step 0"));
}

TEST_F(TelemetryTest, KeepsTheLoggersCountsAfterItsEnd) {
  add_logger("probe");
  tell_a_run();
  telemetry_.close();
  EXPECT_EQ(value_of(*metrics_, "binade_logger_events_total", R"(logger="probe",result="written")"), "5");
}

TEST_F(TelemetryTest, TellsTwoLoggersOfOnePluginApart) {
  add_logger("probe");
  add_logger("probe");
  EXPECT_EQ(value_of(*metrics_, "binade_logger_queue_capacity", R"(logger="probe")"), "8");
  EXPECT_EQ(value_of(*metrics_, "binade_logger_queue_capacity", R"(logger="probe_2")"), "8");
}

}  // namespace
}  // namespace binade::host
