#include "host/storage/metrics_file.h"

#include <gmock/gmock.h>

#include <cerrno>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "host/storage/metrics_value.h"
#include "tests/support/counted_allocations.h"
#include "tests/support/failing_calls.h"
#include "tests/support/run_folder.h"
#include "tests/support/step_record.h"
#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

using nlohmann::ordered_json;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<ordered_json> lines(const std::filesystem::path& path) {
  return binade::testing::json_lines<ordered_json>(path);
}

StepRecord record(std::uint64_t step, double time = 1000) {
  auto record = step_record(step);
  record.time = time;
  record.epoch = 0;
  record.loss = 5.54;
  record.gradient_norm = 1.2;
  record.seconds = 0.0125;
  record.phase_seconds[1] = 0.01;
  record.samples = 16;
  record.tokens = 4096;
  return record;
}

TEST(MetricsFile, WritesAStepAsDocumented) {
  const TemporaryFolder folder;
  {
    MetricsFile file(folder / "metrics.jsonl");
    file.step(record(1));
  }
  EXPECT_EQ(
      contents(folder / "metrics.jsonl"),
      R"({"step":1,"split":"train","epoch":0,"epoch_progress":0,"loss":5.54,"accuracy":null,"lr":0.0003,)"
      R"("grad_norm":1.2,"clipped_norm":1,"loss_scale":65536,"next_loss_scale":65536,"growth_tracker":0,)"
      R"("skipped":false,"skip_cause":null,"skip_parameter":null,"skipped_steps":0,"samples":16,"tokens":4096,"seconds":0.0125,)"
      R"("phases":{"data":0,"forward":0.01,"backward":0,"unscale":0,"optimizer":0,"scaler":0,"logging":0},"time":1000})"
      "\n");
}

TEST(MetricsFile, WritesAnEvaluationAsDocumented) {
  const TemporaryFolder folder;
  MetricsFile file(folder / "metrics.jsonl");
  EvaluationRecord record;
  record.time = 1000.5;
  record.step = 100;
  record.split = "validation";
  record.loss = 2.5;
  record.accuracy = 0.75;
  record.seconds = 0.5;
  record.samples = 64;
  file.evaluated(record);
  EXPECT_EQ(contents(folder / "metrics.jsonl"),
            R"({"step":100,"split":"validation","loss":2.5,"accuracy":0.75,"samples":64,"seconds":0.5,"time":1000.5})"
            "\n");
}

TEST(MetricsFile, SaysWhyAStepWasSkippedAndInWhichGradient) {
  const TemporaryFolder folder;
  {
    MetricsFile file(folder / "m");
    RunStarted run;
    run.parameter_names = {"a", "with \"quotes\""};
    file.run_started(run);
    auto step = record(1);
    step.skipped = true;
    step.skip_cause = SkipCause::overflow;
    step.nonfinite.first = 1;
    file.step(step);
    step.skip_cause = SkipCause::loss;
    step.nonfinite.first = -1;
    file.step(step);
  }
  const auto written = lines(folder / "m");
  EXPECT_EQ(written[0]["skip_cause"], "overflow");
  EXPECT_EQ(written[0]["skip_parameter"], "with \"quotes\"");
  EXPECT_EQ(written[1]["skip_cause"], "loss");
  EXPECT_TRUE(written[1]["skip_parameter"].is_null());
}

TEST(MetricsFile, WritesASampleOfTheGradientsAsDocumented) {
  const TemporaryFolder folder;
  {
    MetricsFile file(folder / "metrics.jsonl");
    RunStarted run;
    run.gradient_groups = {"a", "b"};
    file.run_started(run);
    std::array<ExponentCounts, 2> groups{};
    groups[0][0] = 4;
    groups[0][112] = 1;  // 2^-15
    groups[0][114] = 3;
    groups[0][255] = 2;
    GradientSample sample;
    sample.time = 1000;
    sample.step = 101;
    sample.loss_scale = 65536;
    sample.smallest_exponent = -14;
    sample.groups = groups;
    file.gradients_sampled(sample);
  }
  EXPECT_EQ(contents(folder / "metrics.jsonl"),
            R"({"step":101,"split":"gradients","loss_scale":65536,"groups":{)"
            R"("a":{"elements":10,"zeros":4,"underflow":0.25,"overflow":0.2,"exponent":-15,"counts":[1,0,3]},)"
            R"("b":{"elements":0,"zeros":0,"underflow":0,"overflow":0,"exponent":null,"counts":[]}},"time":1000})"
            "\n");
}

TEST(MetricsFile, ASampleOfEveryExponentInEveryPartFitsOrIsLostWhole) {
  const TemporaryFolder folder;
  {
    MetricsFile file(folder / "metrics.jsonl");
    RunStarted run;
    for (std::size_t i = 0; i < max_gradient_groups; ++i) run.gradient_groups.push_back(std::string(1000, 'x'));
    file.run_started(run);
    ExponentCounts full{};
    full.fill(std::numeric_limits<std::uint64_t>::max() / 1000);
    const std::vector<ExponentCounts> groups(max_gradient_groups, full);
    GradientSample sample;
    sample.groups = groups;
    const auto before = counted_allocations();
    for (int i = 0; i < 10; ++i) file.gradients_sampled(sample);
    EXPECT_EQ(counted_allocations(), before);
    EXPECT_EQ(file.lost_lines(), 0u);
  }
  EXPECT_EQ(lines(folder / "metrics.jsonl").size(), 10u);
}

TEST(MetricsFile, NamesTheModelsOwnScalars) {
  const TemporaryFolder folder;
  {
    MetricsFile file(folder / "m");
    RunStarted run;
    run.scalar_names = {"kl", "with \"quotes\""};
    file.run_started(run);
    auto step = record(1);
    step.scalars = {0.5, nan};
    step.scalar_count = 2;
    file.step(step);
  }
  EXPECT_EQ(lines(folder / "m")[0]["scalars"].dump(), R"({"kl":0.5,"with \"quotes\"":null})");
  EXPECT_EQ(lines(folder / "m")[0]["nonfinite"].dump(), R"({"scalars.with \"quotes\"":"nan"})");
}

TEST(MetricsFile, PutsTimesLast) {
  const TemporaryFolder folder;
  {
    MetricsFile file(folder / "m");
    RunStarted run;
    run.scalar_names = {"kl"};
    file.run_started(run);
    auto step = record(1);
    step.scalar_count = 1;
    file.step(step);
  }
  std::vector<std::string> keys;
  const auto line = lines(folder / "m")[0];
  for (const auto& [key, value] : line.items()) keys.push_back(key);
  keys.erase(keys.begin(), keys.end() - 4);
  EXPECT_THAT(keys, ElementsAre("scalars", "seconds", "phases", "time"));
}

TEST(MetricsFile, GivesBackTheSameDoubles) {
  const std::vector<double> values{0.1,      1.0 / 3, 1e-300,  5e-324, 1.7976931348623157e308, 0,
                                   123456.7, 1e15,    9.99e14, 1e-5,   0x1.fffffffffffffp-3,   -12345678.901234567};
  const TemporaryFolder folder;
  {
    MetricsFile file(folder / "m");
    for (const double value : values) {
      auto step = record(1);
      step.loss = value;
      file.step(step);
    }
  }
  const auto parsed = lines(folder / "m");
  ASSERT_EQ(parsed.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto back = parsed[i]["loss"].get<double>();
    EXPECT_EQ(back, values[i]);
  }
}

TEST(MetricsFile, WritesNullForWhatIsNotFinite) {
  const TemporaryFolder folder;
  {
    MetricsFile file(folder / "m");
    for (const double value :
         {nan, std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()}) {
      auto step = record(1);
      step.loss = value;
      step.skipped = true;
      file.step(step);
    }
  }
  for (const auto& line : lines(folder / "m")) {
    EXPECT_TRUE(line["loss"].is_null());
    EXPECT_EQ(line["skipped"], true);
  }
}

constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(MetricsFile, SaysWhichNumbersAreNotFiniteAndReadsThemBack) {
  const TemporaryFolder folder;
  {
    MetricsFile file(folder / "m");
    RunStarted run;
    run.scalar_names = {"kl", "entropy"};
    file.run_started(run);
    auto step = record(1);
    step.loss = infinity;
    step.gradient_norm = nan;
    step.clipped_norm = -infinity;
    step.scalars = {0.5, -infinity};
    step.scalar_count = 2;
    file.step(step);
    step = record(2);
    step.scalar_count = 2;
    file.step(step);
    EvaluationRecord evaluation;
    evaluation.step = 2;
    evaluation.split = "validation";
    evaluation.loss = nan;
    file.evaluated(evaluation);
  }
  const auto all = lines(folder / "m");
  EXPECT_EQ(all[0]["nonfinite"].dump(),
            R"({"loss":"inf","grad_norm":"nan","clipped_norm":"-inf","scalars.entropy":"-inf"})");
  EXPECT_FALSE(all[1].contains("nonfinite")) << "a task without accuracy has a null that was not measured";
  EXPECT_EQ(all[2]["nonfinite"].dump(), R"({"loss":"nan"})");

  const auto value = [&](std::size_t line, const char* field) {
    return metrics_value(nlohmann::json(all[line]), field);
  };
  EXPECT_EQ(value(0, "loss"), infinity);
  EXPECT_TRUE(std::isnan(value(0, "grad_norm").value()));
  EXPECT_EQ(value(0, "scalars.entropy"), -infinity);
  EXPECT_EQ(value(0, "scalars.kl"), 0.5);
  EXPECT_EQ(value(0, "skipped"), 0);
  EXPECT_EQ(value(0, "accuracy"), std::nullopt);
  EXPECT_EQ(value(0, "scalars.other"), std::nullopt);
  EXPECT_EQ(value(1, "loss"), 5.54);
}

TEST(MetricsFile, AllNumbersOfALineMayBeNotFinite) {
  const TemporaryFolder folder;
  std::uint64_t lost = 0;
  {
    MetricsFile file(folder / "m");
    RunStarted run;
    for (std::size_t i = 0; i < max_scalars; ++i)
      run.scalar_names.push_back(std::string(64, static_cast<char>('a' + i)));
    file.run_started(run);
    auto step = record(1);
    step.loss = step.learning_rate = step.gradient_norm = step.clipped_norm = infinity;
    step.loss_scale = step.next_loss_scale = nan;
    step.scalars.fill(-infinity);
    step.scalar_count = max_scalars;
    const auto before = counted_allocations();
    for (int i = 0; i < 1000; ++i) file.step(step);
    EXPECT_EQ(counted_allocations(), before);
    EXPECT_EQ(file.lost_lines(), 0u);
    plan_fault({"write", 1, true, Fault::error, ENOSPC});
    for (int i = 0; i < 1000; ++i) file.step(step);
    EXPECT_EQ(counted_allocations(), before) << "a line is lost before it has no room in the memory that is there";
    EXPECT_GT(file.lost_lines(), 0u);
    lost = file.lost_lines();
    plan_fault({});
  }
  const auto all = lines(folder / "m");
  ASSERT_EQ(all.size(), 2000 - lost);
  EXPECT_EQ(all[0]["nonfinite"].size(), 6 + max_scalars);
}

TEST(MetricsFile, TellsAtOnceThatWritingFailsThatLinesAreLostAndThatItWorksAgain) {
  const TemporaryFolder folder;
  MetricsFile file(folder / "m");
  std::vector<std::string> told;
  std::uint64_t lost = 0;
  file.on_trouble({[&](int, const std::string& text) { told.push_back(text); }, [&] { ++lost; }});
  file.step(record(1));
  plan_fault({"write", 1, true, Fault::error, ENOSPC});
  file.step(record(2, 1002));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_THAT(told[0], HasSubstr("No space left on device; training continues"));
  for (std::uint64_t step = 3; step <= 10000; ++step) file.step(record(step, 1000.0 + static_cast<double>(step)));
  ASSERT_EQ(told.size(), 2u) << "once each";
  EXPECT_THAT(told[1], HasSubstr("lines are being lost"));
  EXPECT_EQ(lost, file.lost_lines());
  EXPECT_GT(lost, 0u);
  plan_fault({});
  file.state_changed(RunState::evaluating);
  ASSERT_EQ(told.size(), 3u);
  EXPECT_THAT(told[2], EndsWith("m can be written again"));
}

TEST(MetricsFile, HasALineInTheFileOneSecondLater) {
  const TemporaryFolder folder;
  MetricsFile file(folder / "m");
  file.step(record(1, 1000));
  EXPECT_EQ(lines(folder / "m").size(), 1u);  // the first one comes at once
  file.step(record(2, 1000.25));
  file.step(record(3, 1000.5));
  EXPECT_EQ(lines(folder / "m").size(), 1u);
  file.step(record(4, 1001));
  EXPECT_EQ(lines(folder / "m").size(), 4u);
}

TEST(MetricsFile, DoesNotHoldALineWhileALongStepFollows) {
  const TemporaryFolder folder;
  MetricsFile file(folder / "m");
  file.step(record(1, 1000));
  auto slow = record(2, 1000.5);
  slow.seconds = 0.5;
  file.step(slow);
  EXPECT_EQ(lines(folder / "m").size(), 2u);
}

TEST(MetricsFile, DoesNotHoldLinesWhenTheClockIsSetBack) {
  const TemporaryFolder folder;
  MetricsFile file(folder / "m");
  file.step(record(1, 1000));
  file.step(record(2, 500));
  EXPECT_EQ(lines(folder / "m").size(), 2u);
}

TEST(MetricsFile, WritesAtEveryChangeOfStateAndAtTheEnd) {
  const TemporaryFolder folder;
  MetricsFile file(folder / "m");
  file.step(record(1));
  file.step(record(2));
  file.state_changed(RunState::evaluating);
  EXPECT_EQ(lines(folder / "m").size(), 2u);
  file.step(record(3));
  file.run_ended({});
  EXPECT_EQ(lines(folder / "m").size(), 3u);
}

TEST(MetricsFile, AllocatesNothingPerStep) {
  const TemporaryFolder folder;
  MetricsFile file(folder / "m");
  RunStarted run;
  run.scalar_names = {"kl", "entropy"};
  file.run_started(run);
  auto step = record(1);
  step.scalar_count = 2;
  const auto before = counted_allocations();
  for (int i = 0; i < 5000; ++i) file.step(step);
  EXPECT_EQ(counted_allocations(), before);
}

TEST(MetricsFile, RefusesAFileThatIsThere) {
  const TemporaryFolder folder;
  std::ofstream(folder / "m") << "older";
  EXPECT_THROW(MetricsFile(folder / "m"), std::system_error);
  EXPECT_EQ(contents(folder / "m"), "older");
}

TEST(MetricsFile, SaysWhyWritingFailedAndLosesNothingWhenTheDiskIsFreeAgain) {
  const TemporaryFolder folder;
  MetricsFile file(folder / "m");
  EXPECT_FALSE(file.failed());
  EXPECT_THAT(file.reason(), IsEmpty());
  file.step(record(1));
  plan_fault({"write", 1, true, Fault::error, ENOSPC});
  for (int step = 2; step <= 500; ++step) file.step(record(step, 1000.0 + step));
  EXPECT_TRUE(file.failed());
  EXPECT_THAT(file.reason(), HasSubstr((folder / "m").string()));
  EXPECT_THAT(file.reason(), EndsWith("No space left on device"));
  EXPECT_EQ(lines(folder / "m").size(), 1u);

  plan_fault({});
  file.run_ended({});
  const auto all = lines(folder / "m");
  ASSERT_EQ(all.size(), 500u);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i]["step"], i + 1);
  EXPECT_EQ(file.lost_lines(), 0u);
}

TEST(MetricsFile, LosesWholeLinesAndCountsThemWhenTheDiskStaysFull) {
  constexpr std::uint64_t steps = 20000;
  const TemporaryFolder folder;
  std::uint64_t lost = 0;
  {
    MetricsFile file(folder / "m");
    plan_fault({"write", 1, true, Fault::error, ENOSPC});
    for (std::uint64_t step = 1; step <= steps; ++step) file.step(record(step));
    lost = file.lost_lines();
    plan_fault({});
  }
  EXPECT_GT(lost, steps / 2);
  EXPECT_LT(lost, steps - 1000);
  EXPECT_EQ(lines(folder / "m").size(), steps - lost);
}

TEST(MetricsFile, ContinuesWhereAShortWriteStopped) {
  const TemporaryFolder folder;
  {
    MetricsFile file(folder / "m");
    plan_fault({"write", 1, true, Fault::short_write, 0});
    file.step(record(1));
    plan_fault({"write", 2, true, Fault::error, EIO});  // half of it is written, then the device fails
    file.step(record(2, 2000));
    plan_fault({"write", 1, false, Fault::error, EINTR});
    file.step(record(3, 3000));
    plan_fault({});
  }
  EXPECT_EQ(lines(folder / "m").size(), 3u);
}

TEST(MetricsFile, NoticesASyncThatFails) {
  const TemporaryFolder folder;
  MetricsFile file(folder / "m");
  plan_fault({"fsync", 1, false, Fault::error, EIO});
  file.run_ended({});
  plan_fault({});
  EXPECT_TRUE(file.failed());
}

}  // namespace
}  // namespace binade::host
