// How the events of a run change the metrics.
#include "host/telemetry/run_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <stdexcept>

#include "exposition.h"
#include "host/telemetry/device_usage.h"
#include "host/telemetry/metric_catalogue.h"
#include "tests/support/step_record.h"

namespace binade::host {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double infinity = std::numeric_limits<double>::infinity();

RunIdentity identity() {
  RunIdentity run;
  run.run_id = "test-run";
  run.run_name = "first";
  run.plugins = {{"probe", "logger", "1.0.0", "0.1", "abc"}};
  return run;
}

RunStarted scaled_run() {
  RunStarted run;
  run.device = "cuda:0";
  run.precision = "fp16";
  run.parameter_dtype = "fp32";
  run.target_steps = 100;
  run.autocast = true;
  run.dynamic_scaling = true;
  run.loss_scale = 65536;
  run.growth_interval = 2000;
  return run;
}

StepRecord good_step() {
  auto record = step_record();
  record.time = 1700000000;
  record.epoch_progress = 0.25;
  record.loss = 2;
  record.learning_rate = 0.5;
  record.gradient_norm = 4;
  record.growth_tracker = 1;
  record.seconds = 0.02;
  record.phase_seconds.fill(0.001);
  record.tokens = 64;
  return record;
}

StepRecord overflowed_step() {
  auto record = good_step();
  record.skipped = true;
  record.loss = infinity;
  record.gradient_norm = nan;
  record.clipped_norm = nan;
  record.next_loss_scale = 32768;
  record.growth_tracker = 0;
  return record;
}

class MetricsTest : public testing::Test {
 protected:
  std::string value(const std::string& name, const std::string& labels = "") {
    return value_of(metrics_, name, labels);
  }
  Metrics metrics_{identity()};
};

TEST_F(MetricsTest, ShowsEveryKnownSeriesBeforeTheRunStarts) {
  const auto text = exposition(metrics_);
  for (const auto& spec : metric_catalogue()) {
    const auto labels = metric_labels(spec);
    const bool known =
        std::none_of(labels.begin(), labels.end(), [](const auto& label) { return label.values.empty(); });
    if (!known) continue;
    EXPECT_THAT(text, HasSubstr("# TYPE " + std::string(spec.name) + " "));
    std::size_t series = 1;
    for (const auto& label : labels) series *= label.values.size();
    const std::string sample = std::string(spec.name) + (spec.type == MetricType::histogram ? "_count{" : "{");
    std::size_t found = 0;
    for (const auto& line : lines(text)) found += line.starts_with(sample) ? 1 : 0;
    EXPECT_EQ(found, series) << spec.name;
  }
  EXPECT_EQ(value("binade_amp_updates_total", R"(action="growth")"), "0");
  EXPECT_EQ(value("binade_loss", R"(split="train")"), "Nan") << "0 would be a lie, and the best loss of all";
}

TEST_F(MetricsTest, GivesEverySeriesTheRunsId) {
  metrics_.run_started(scaled_run());
  metrics_.step(good_step());
  for (const auto& line : lines(exposition(metrics_))) {
    if (line.starts_with('#')) continue;
    EXPECT_THAT(line, HasSubstr("{run_id=\"test-run\""));
  }
}

TEST_F(MetricsTest, RefusesARunIdThatIsNotALabelValue) {
  for (const std::string run_id : {"", "a b", "a/b", "\xC3\xB6"}) {
    auto run = identity();
    run.run_id = run_id;
    EXPECT_THROW(Metrics{run}, std::invalid_argument) << run_id;
  }
  auto run = identity();
  run.run_id = std::string(65, 'a');
  EXPECT_THROW(Metrics{run}, std::invalid_argument);
}

TEST_F(MetricsTest, IsInOneStateAtATime) {
  EXPECT_EQ(value("binade_run_state", R"(state="starting")"), "1");
  metrics_.state_changed(RunState::evaluating);
  EXPECT_EQ(value("binade_run_state", R"(state="starting")"), "0");
  EXPECT_EQ(value("binade_run_state", R"(state="evaluating")"), "1");
  EXPECT_EQ(value("binade_run_end_timestamp_seconds"), "0");
  metrics_.run_ended({RunState::failed, 1, 0, 1});
  EXPECT_EQ(value("binade_run_state", R"(state="evaluating")"), "0");
  EXPECT_EQ(value("binade_run_state", R"(state="failed")"), "1");
  EXPECT_NE(value("binade_run_end_timestamp_seconds"), "0");
}

TEST_F(MetricsTest, SaysSinceWhenItIsInItsState) {
  const auto since = [&] { return std::stod(value("binade_run_state_timestamp_seconds")); };
  const auto started = since();
  EXPECT_GT(started, 1e9);
  metrics_.state_changed(RunState::running);
  const auto running = since();
  EXPECT_GT(running, started);
  metrics_.state_changed(RunState::evaluating);
  EXPECT_GT(since(), running);
}

TEST_F(MetricsTest, TellsWhetherTheNewestCheckpointFailed) {
  metrics_.run_started(scaled_run());
  EXPECT_EQ(value("binade_checkpoint_last_failure_timestamp_seconds"), "0");
  CheckpointRecord record;
  record.time = 2e9;
  metrics_.checkpoint_ended(record);
  EXPECT_EQ(value("binade_checkpoint_last_failure_timestamp_seconds"), "2000000000");
  EXPECT_LT(std::stod(value("binade_checkpoint_last_success_timestamp_seconds")), 2e9) << "the run's start";
  record.saved = true;
  record.time = 2e9 + 1;
  metrics_.checkpoint_ended(record);
  EXPECT_EQ(value("binade_checkpoint_last_success_timestamp_seconds"), "2000000001");
  EXPECT_EQ(value("binade_checkpoint_last_failure_timestamp_seconds"), "2000000000");
}

TEST(Metrics, TellWhenCheckpointsAreDue) {
  auto run = identity();
  run.checkpoint_every_seconds = 600;
  run.checkpoint_every_steps = 50;
  const Metrics metrics(run);
  EXPECT_EQ(value_of(metrics, "binade_checkpoint_every_seconds"), "600");
  EXPECT_EQ(value_of(metrics, "binade_checkpoint_every_steps"), "50");
}

TEST_F(MetricsTest, TellsTheSpaceThatIsLeftForTheRunsFolder) {
  EXPECT_EQ(value("binade_run_folder_free_bytes"), "Nan");
  metrics_.watch_free_space("/");
  EXPECT_GE(std::stod(value("binade_run_folder_free_bytes")), 0);
  metrics_.watch_free_space("/no/such/folder");
  EXPECT_EQ(value("binade_run_folder_free_bytes"), "Nan");
}

TEST_F(MetricsTest, TellsTheEffectivePrecision) {
  metrics_.run_started(scaled_run());
  EXPECT_EQ(
      value("binade_precision_info", R"(compute_dtype="fp16",param_dtype="fp32",reduce_dtype="fp32",scaler="dynamic")"),
      "1");
  EXPECT_EQ(value("binade_autocast_enabled", R"(device_type="cuda")"), "1");
  EXPECT_EQ(value("binade_autocast_enabled", R"(device_type="cpu")"), "0");
  EXPECT_EQ(value("binade_amp_enabled"), "1");
  EXPECT_EQ(value("binade_amp_loss_scale"), "65536");
  EXPECT_EQ(value("binade_amp_growth_interval_steps"), "2000");
  EXPECT_EQ(value("binade_target_steps"), "100");
}

TEST_F(MetricsTest, ShowsAStep) {
  metrics_.run_started(scaled_run());
  metrics_.step(good_step());
  EXPECT_EQ(value("binade_step"), "1");
  EXPECT_EQ(value("binade_epoch"), "2.25");
  EXPECT_EQ(value("binade_last_step_timestamp_seconds"), "1700000000");
  EXPECT_EQ(value("binade_loss", R"(split="train")"), "2");
  EXPECT_EQ(value("binade_learning_rate", R"(param_group="0")"), "0.5");
  EXPECT_EQ(value("binade_gradient_norm_last", R"(stage="unscaled")"), "4");
  EXPECT_EQ(value("binade_gradient_norm_last", R"(stage="clipped")"), "1");
  EXPECT_EQ(value("binade_gradient_norm_sum", R"(stage="unscaled")"), "4");
  EXPECT_EQ(value("binade_samples_total", R"(split="train")"), "8");
  EXPECT_EQ(value("binade_tokens_total", R"(split="train")"), "64");
  EXPECT_EQ(value("binade_step_duration_seconds_count"), "1");
  EXPECT_EQ(value("binade_phase_duration_seconds_count", R"(phase="backward")"), "1");
  EXPECT_EQ(value("binade_optimizer_steps_total", R"(result="applied")"), "1");
}

TEST_F(MetricsTest, ShowsTheLearningRateOfEachGroupOfParameters) {
  auto run = scaled_run();
  run.lr_ratios = {1, 0.1};
  metrics_.run_started(run);
  metrics_.step(good_step());
  EXPECT_EQ(value("binade_learning_rate", R"(param_group="0")"), "0.5");
  EXPECT_EQ(value("binade_learning_rate", R"(param_group="1")"), "0.05");
}

TEST_F(MetricsTest, ShowsTheDevicesMemoryUnderTheDriversNumber) {
  auto run = scaled_run();
  run.device = "cuda:3";
  metrics_.run_started(run);
  metrics_.device_memory_sampled({10, 20, 15, 0, 2});
  metrics_.device_memory_sampled({11, 21, 16, 1, 3});
  const auto* const of = R"(device="3")";
  EXPECT_EQ(value("binade_device_memory_allocated_bytes", of), "11");
  EXPECT_EQ(value("binade_device_memory_reserved_bytes", of), "21");
  EXPECT_EQ(value("binade_device_memory_peak_bytes", of), "16");
  EXPECT_EQ(value("binade_device_out_of_memory_total", of), "1");
  EXPECT_EQ(value("binade_device_allocator_retries_total", of), "3");
}

TEST_F(MetricsTest, ALoggerThatCouldNotBeCreatedIsCountedAndNotEnabled) {
  metrics_.plugin_failed("probe", "logger", "load");
  EXPECT_EQ(value("binade_plugin_errors_total", R"(kind="logger",plugin="probe",stage="load")"), "1");
  EXPECT_EQ(value("binade_plugin_enabled", R"(kind="logger",plugin="probe")"), "0");
}

TEST(DriverNumber, FollowsWhatCudaMadeVisible) {
  DeviceUsage first, second;
  first.device = "0";
  first.uuid = "GPU-aaaa1111";
  second.device = "1";
  second.uuid = "GPU-bbbb2222";
  const std::vector devices{first, second};
  EXPECT_EQ(driver_number("cuda:1", nullptr, devices), "1");
  EXPECT_EQ(driver_number("cuda:1", "", devices), "1");
  EXPECT_EQ(driver_number("cuda:0", "1", devices), "1");
  EXPECT_EQ(driver_number("cuda:1", "7,5", devices), "5");
  EXPECT_EQ(driver_number("cuda:0", "GPU-bbbb", devices), "1");
  EXPECT_EQ(driver_number("cuda:0", "GPU-cccc", devices), "0") << "a device that the driver does not have";
}

TEST_F(MetricsTest, CountsGrowthBackoffAndHold) {
  metrics_.run_started(scaled_run());
  metrics_.step(good_step());
  metrics_.step(overflowed_step());
  auto grown = good_step();
  grown.next_loss_scale = 131072;
  metrics_.step(grown);
  metrics_.step(good_step());
  EXPECT_EQ(value("binade_amp_updates_total", R"(action="growth")"), "1");
  EXPECT_EQ(value("binade_amp_updates_total", R"(action="backoff")"), "1");
  EXPECT_EQ(value("binade_amp_updates_total", R"(action="hold")"), "2");
  EXPECT_EQ(value("binade_optimizer_steps_total", R"(result="skipped")"), "1");
}

TEST_F(MetricsTest, CountsNonfiniteGradientsByPartAndKindInSkippedStepsOnly) {
  auto run = scaled_run();
  run.gradient_groups = {"embedding", "blocks.0"};
  metrics_.run_started(run);
  EXPECT_EQ(value("binade_nonfinite_gradient_steps_total", R"(group="embedding",kind="inf")"), "0");
  auto record = overflowed_step();
  record.nonfinite.groups[0] = {true, true};
  record.nonfinite.groups[1] = {false, true};
  metrics_.step(record);
  record.skipped = false;  // what a step leaves behind is not the next one's
  metrics_.step(record);
  EXPECT_EQ(value("binade_nonfinite_gradient_steps_total", R"(group="embedding",kind="inf")"), "1");
  EXPECT_EQ(value("binade_nonfinite_gradient_steps_total", R"(group="embedding",kind="nan")"), "1");
  EXPECT_EQ(value("binade_nonfinite_gradient_steps_total", R"(group="blocks.0",kind="inf")"), "0");
  EXPECT_EQ(value("binade_nonfinite_gradient_steps_total", R"(group="blocks.0",kind="nan")"), "1");
}

TEST_F(MetricsTest, TellsTheFloorOfTheScaleTheTimeThereAndRefusedScales) {
  auto run = scaled_run();
  run.min_loss_scale = 0.25;
  metrics_.run_started(run);
  EXPECT_EQ(value("binade_amp_floor"), "0.25");
  auto record = good_step();
  record.at_min_scale = true;
  metrics_.step(record);
  record.at_min_scale = false;
  record.refused_scale = true;
  metrics_.step(record);
  EXPECT_EQ(value("binade_amp_at_floor_seconds_total"), "0.02");
  EXPECT_EQ(value("binade_amp_refused_scales_total"), "1");
}

TEST_F(MetricsTest, ShowsASampleOfTheGradientsByPart) {
  auto run = scaled_run();
  run.gradient_groups = {"a", "b"};
  metrics_.run_started(run);
  EXPECT_EQ(value("binade_gradient_underflow_ratio", R"(group="a")"), "Nan");
  std::array<ExponentCounts, 2> groups{};
  groups[0][127 - 15] = 1;
  groups[0][127] = 3;
  groups[1][255] = 1;
  GradientSample sample;
  sample.smallest_exponent = -14;
  sample.groups = groups;
  metrics_.gradients_sampled(sample);
  metrics_.gradients_sampled(sample);
  EXPECT_EQ(value("binade_precision_audits_total"), "2");
  EXPECT_EQ(value("binade_gradient_underflow_ratio", R"(group="a")"), "0.25");
  EXPECT_EQ(value("binade_gradient_overflow_ratio", R"(group="a")"), "0");
  EXPECT_EQ(value("binade_gradient_overflow_ratio", R"(group="b")"), "1");
  EXPECT_EQ(value("binade_gradient_magnitude_count", R"(group="a")"), "8") << "a histogram goes on counting";
  EXPECT_EQ(value("binade_gradient_magnitude_bucket", R"(group="a",le="6.103515625e-05")"), "2");
  EXPECT_EQ(value("binade_gradient_magnitude_bucket", R"(group="a",le="0.25")"), "2");
  EXPECT_EQ(value("binade_gradient_magnitude_bucket", R"(group="a",le="2")"), "8");
  EXPECT_EQ(value("binade_gradient_magnitude_count", R"(group="b")"), "0");
}

TEST_F(MetricsTest, ReportsPrecisionAndScaleWhateverTheScaleIs) {
  metrics_.run_started(scaled_run());
  for (const auto& [scale, text] :
       std::initializer_list<std::pair<double, const char*>>{{0, "0"}, {1e-10, "1e-10"}, {1e10, "10000000000"}}) {
    auto record = good_step();
    record.next_loss_scale = scale;
    metrics_.step(record);
    EXPECT_EQ(value("binade_amp_loss_scale"), text);
  }
  EXPECT_EQ(value("binade_amp_enabled"), "1");
  EXPECT_EQ(
      value("binade_precision_info", R"(compute_dtype="fp16",param_dtype="fp32",reduce_dtype="fp32",scaler="dynamic")"),
      "1");
}

TEST_F(MetricsTest, CountsNoScaleUpdatesWithoutDynamicScaling) {
  auto run = scaled_run();
  run.dynamic_scaling = false;
  run.loss_scale = 1;
  metrics_.run_started(run);
  metrics_.step(good_step());
  EXPECT_EQ(value("binade_amp_updates_total", R"(action="hold")"), "0");
  EXPECT_EQ(
      value("binade_precision_info", R"(compute_dtype="fp16",param_dtype="fp32",reduce_dtype="fp32",scaler="none")"),
      "1");
}

TEST_F(MetricsTest, KeepsSumsFiniteWhenAStepOverflows) {
  metrics_.run_started(scaled_run());
  metrics_.step(good_step());
  auto broken = overflowed_step();
  broken.seconds = nan;
  broken.phase_seconds.fill(nan);
  metrics_.step(broken);
  EXPECT_EQ(value("binade_loss", R"(split="train")"), "+Inf");
  EXPECT_EQ(value("binade_loss_nonfinite_total", R"(split="train")"), "1");
  EXPECT_EQ(value("binade_loss_smoothed", R"(split="train")"), "2");
  EXPECT_EQ(value("binade_gradient_norm_last", R"(stage="unscaled")"), "Nan");
  EXPECT_EQ(value("binade_gradient_norm_sum", R"(stage="unscaled")"), "4");
  EXPECT_EQ(value("binade_gradient_norm_count", R"(stage="unscaled")"), "1");
  EXPECT_EQ(value("binade_step_duration_seconds_sum"), "0.02");
  EXPECT_EQ(value("binade_phase_duration_seconds_sum", R"(phase="data")"), "0.001");
}

TEST_F(MetricsTest, LeavesTheNormOfASkippedStepOutOfTheDistribution) {
  metrics_.run_started(scaled_run());
  auto skipped = overflowed_step();
  skipped.gradient_norm = 7;
  metrics_.step(skipped);
  EXPECT_EQ(value("binade_gradient_norm_count", R"(stage="unscaled")"), "0");
}

TEST_F(MetricsTest, SmoothsTheLossWithoutABiasTowardsZero) {
  metrics_.run_started(scaled_run());
  auto record = good_step();
  record.loss = 1;
  metrics_.step(record);
  record.loss = 2;
  metrics_.step(record);
  EXPECT_NEAR(std::stod(value("binade_loss_smoothed", R"(split="train")")), (0.98 * 1 + 2) / 1.98, 1e-12);
}

TEST_F(MetricsTest, ShowsAnEvaluation) {
  metrics_.run_started(scaled_run());
  EvaluationRecord record;
  record.split = "validation";
  record.loss = 3;
  record.accuracy = 0.25;
  record.samples = 20;
  metrics_.evaluated(record);
  EXPECT_EQ(value("binade_loss", R"(split="validation")"), "3");
  EXPECT_EQ(value("binade_accuracy_ratio", R"(split="validation")"), "0.25");
  EXPECT_EQ(value("binade_samples_total", R"(split="validation")"), "20");
}

TEST_F(MetricsTest, ShowsTheModelsOwnScalars) {
  auto run = scaled_run();
  run.scalar_names = {"kl\n\xFF", "reconstruction"};
  metrics_.run_started(run);
  EXPECT_EQ(value("binade_model_scalar", R"(name="reconstruction",split="train")"), "Nan");
  auto record = good_step();
  record.scalars = {0.25, 0.5};
  record.scalar_count = 2;
  metrics_.step(record);
  EXPECT_EQ(value("binade_model_scalar", R"(name="reconstruction",split="train")"), "0.5");
  EXPECT_EQ(value("binade_model_scalar", "name=\"kl\\n\xEF\xBF\xBD\",split=\"train\""), "0.25");
}

TEST_F(MetricsTest, MeasuresTheProcess) {
  EXPECT_EQ(value("binade_collector_success", R"(collector="process")"), "1");
  EXPECT_GT(std::stod(value("process_resident_memory_bytes")), 1e6);
  EXPECT_GT(std::stod(value("process_start_time_seconds")), 1.6e9);
  EXPECT_GT(std::stod(value("process_open_fds")), 2);
  EXPECT_GT(std::stod(value("process_max_fds")), 2);
  const double before = std::stod(value("process_cpu_seconds_total"));
  EXPECT_GT(before, 0);
  EXPECT_GE(std::stod(value("process_cpu_seconds_total")), before);
}

TEST_F(MetricsTest, ShowsALoggersCountsOfTheMoment) {
  LoggerCounts counts;
  counts.queue_capacity = 1024;
  metrics_.watch_logger("probe", "probe", [&] { return counts; });
  counts = {5, 2, 3, 4, 1024, 1, false, true};
  EXPECT_EQ(value("binade_logger_events_total", R"(logger="probe",result="written")"), "5");
  EXPECT_EQ(value("binade_logger_events_total", R"(logger="probe",result="dropped")"), "2");
  EXPECT_EQ(value("binade_logger_events_total", R"(logger="probe",result="failed")"), "3");
  EXPECT_EQ(value("binade_logger_queue_length", R"(logger="probe")"), "4");
  EXPECT_EQ(value("binade_logger_queue_capacity", R"(logger="probe")"), "1024");
  EXPECT_EQ(value("binade_plugin_enabled", R"(kind="logger",plugin="probe")"), "0");
  EXPECT_EQ(value("binade_plugin_errors_total", R"(kind="logger",plugin="probe",stage="call")"), "4");
  EXPECT_EQ(value("binade_plugin_errors_total", R"(kind="logger",plugin="probe",stage="shutdown")"), "1");
}

TEST_F(MetricsTest, NamesThePlugins) {
  EXPECT_EQ(value("binade_plugin_info", R"(abi="0.1",kind="logger",plugin="probe",sha256="abc",version="1.0.0")"), "1");
  metrics_.plugin_failed("probe", "logger", "call");
  EXPECT_EQ(value("binade_plugin_errors_total", R"(kind="logger",plugin="probe",stage="call")"), "1");
}

TEST_F(MetricsTest, CollectsNothingRatherThanThrow) {
  metrics_.watch_logger("probe", "probe", [calls = 0]() mutable {
    if (++calls > 1) throw std::runtime_error("no counts");
    return LoggerCounts{};
  });
  EXPECT_TRUE(metrics_.Collect().empty());
}

}  // namespace
}  // namespace binade::host
