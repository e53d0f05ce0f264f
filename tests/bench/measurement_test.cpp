#include "host/bench/measurement.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <stdexcept>
#include <string>

#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

using testing::HasSubstr;

// 10 steps of 8 samples: the first two take a second each, the others 0.1 and 0.3 by turns; the loss of step 5 is NaN.
void write_run(const TemporaryFolder& folder) {
  std::ofstream(folder / "summary.json") << R"({"device": "cpu", "precision": "bf16", "steps": 10, "skipped_steps": 1,
    "initial_parameters_sha256": "abc", "samples_hash": "def", "peak_tensor_bytes": 4096, "final_loss": 0.5,
    "validation_accuracy": null, "validation_loss": 0.75})";
  std::ofstream(folder / "data.json") << R"({"split.train": "80 samples"})";
  std::ofstream metrics(folder / "metrics.jsonl");
  for (int step = 1; step <= 10; ++step) {
    const std::string seconds = step <= 2 ? "1" : step % 2 == 0 ? "0.3" : "0.1";
    metrics << R"({"split": "train", "samples": 8, "step": )" << step << R"(, "seconds": )" << seconds
            << R"(, "loss": )" << (step == 5 ? "null" : std::to_string(11 - step)) << "}\n";
  }
  metrics << R"({"split": "validation", "step": 10, "loss": 0.75})"
          << "\n";
}

TEST(Measurement, TimesTheStepsAfterTheWarmUp) {
  const TemporaryFolder folder;
  write_run(folder);
  const auto measured = read_measurement(folder.path(), 2);
  EXPECT_NEAR(measured.samples_per_second, 8 * 8 / 1.6, 1e-9);
  EXPECT_NEAR(measured.steps_per_second, 8 / 1.6, 1e-9);
  EXPECT_NEAR(measured.median_step_seconds, 0.2, 1e-9);
  EXPECT_EQ(measured.warmup_steps, 2u);
  EXPECT_NEAR(read_measurement(folder.path(), 9).median_step_seconds, 0.3, 1e-9);
}

TEST(Measurement, ReadsTheRunsRecords) {
  const TemporaryFolder folder;
  write_run(folder);
  const auto measured = read_measurement(folder.path(), std::nullopt);
  EXPECT_EQ(measured.warmup_steps, 3u);
  EXPECT_EQ(measured.precision, "bf16");
  EXPECT_EQ(measured.initial_parameters_sha256, "abc");
  EXPECT_EQ(measured.samples_hash, "def");
  EXPECT_EQ(measured.data.at("split.train"), "80 samples");
  EXPECT_EQ(measured.tensor_bytes, 4096);
  EXPECT_TRUE(std::isnan(measured.accuracy));
  EXPECT_EQ(measured.validation_loss, 0.75);
  EXPECT_EQ(measured.losses.size(), 10u);
  EXPECT_TRUE(std::isnan(measured.losses[4]));
  EXPECT_EQ(measured.last_tenth_loss, 1);
}

TEST(Measurement, LeavesATenthOutButAtLeastThreeSteps) {
  EXPECT_EQ(default_warmup(10), 3u);
  EXPECT_EQ(default_warmup(500), 50u);
}

TEST(Measurement, RefusesARunThatIsAllWarmUpOrNotThere) {
  const TemporaryFolder folder;
  const auto message = [&] {
    try {
      read_measurement(folder.path(), 10);
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(message(), HasSubstr("cannot read"));
  write_run(folder);
  EXPECT_THAT(message(), HasSubstr("10 steps with a warm-up of 10"));
  EXPECT_THAT(message(), HasSubstr(folder.path().string()));
}

}  // namespace
}  // namespace binade::host
