// The console logger's output.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <functional>
#include <limits>

#include "tests/plugins/logger_opened.h"
#include "tests/support/step_record.h"

namespace binade::host {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr double start_time = 1000;

RunDescription plain() { return {"run", "first-run", "/tmp", "", false, false}; }
RunDescription on_a_terminal() { return {"run", "first-run", "/tmp", "", true, false}; }

RunStarted run_of(std::uint64_t target_steps, double max_seconds = 0) {
  RunStarted run;
  run.target_steps = target_steps;
  run.max_seconds = max_seconds;
  return run;
}

StepRecord step(std::uint64_t number) {
  auto record = step_record(number);
  record.loss_scale = 1;
  record.seconds = 0.5;
  record.tokens = 0;
  return record;
}

// The output while `tell` runs, split at line ends and at redraws.
std::vector<std::string> printed(const GivenOptions& options, const RunDescription& run,
                                 const std::function<void(OpenedLogger&)>& tell) {
  setenv("TERM", "xterm", 1);
  testing::internal::CaptureStdout();
  {
    OpenedLogger logger("console", options, run);
    tell(logger);
  }
  const std::string text = testing::internal::GetCapturedStdout();
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  std::erase(lines, "");
  return lines;
}

std::vector<std::string> plain_lines(const std::function<void(OpenedLogger&)>& tell, const GivenOptions& options = {}) {
  return printed(options, plain(), tell);
}

std::vector<std::string> redrawn_lines(const std::function<void(OpenedLogger&)>& tell) {
  return printed({}, on_a_terminal(), tell);
}

TEST(Console, PrintsFirstAndLastStepAndOneAboutEveryFiveSeconds) {
  const auto lines = plain_lines([](OpenedLogger& logger) {
    logger.tell(start_time, run_of(12));
    for (std::uint64_t number = 1; number <= 12; ++number) {
      logger.tell(start_time + static_cast<double>(number), step(number));
    }
    logger.tell(start_time + 13, RunEnded{});
  });
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0], "  step  1/12    8 %  loss 2.5000  lr 3.00e-04   16.0 samples/s");
  EXPECT_EQ(lines[1], "  step  6/12   50 %  loss 2.5000  lr 3.00e-04   16.0 samples/s  ETA 0:06");
  EXPECT_THAT(lines[2], StartsWith("  step 11/12   91 %"));
  EXPECT_EQ(lines[3], "  step 12/12  100 %  loss 2.5000  lr 3.00e-04   16.0 samples/s");
}

TEST(Console, PrintsTheLastStepOnce) {
  const auto lines = plain_lines([](OpenedLogger& logger) {
    logger.tell(start_time, run_of(1));
    logger.tell(start_time + 1, step(1));
    logger.tell(start_time + 2, RunEnded{});
  });
  EXPECT_EQ(lines.size(), 1u);
}

TEST(Console, PrintsEverySoManySteps) {
  const auto lines = plain_lines(
      [](OpenedLogger& logger) {
        logger.tell(start_time, run_of(0));
        for (std::uint64_t number = 1; number <= 9; ++number) logger.tell(start_time, step(number));
      },
      {{"every", integer(4)}});
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_THAT(lines[0], StartsWith("  step 1  loss"));
  EXPECT_THAT(lines[1], StartsWith("  step 4  loss"));
  EXPECT_THAT(lines[2], StartsWith("  step 8  loss"));
}

TEST(Console, ShowsTokensScaleSkipsAndTheModelsScalars) {
  const auto lines = plain_lines([](OpenedLogger& logger) {
    auto run = run_of(1000, 60);
    run.scalar_names = {"kl"};
    logger.tell(start_time, run);
    auto record = step(999);
    record.tokens = 6172;
    record.loss = std::numeric_limits<double>::quiet_NaN();
    record.loss_scale = 65536;
    record.skipped_steps = 1234;
    record.accuracy = 0.5;
    record.scalars = {0.25};
    record.scalar_count = 1;
    logger.tell(start_time + 1, record);
  });
  EXPECT_THAT(lines,
              testing::ElementsAre("  step   999/1,000   99 %  loss nan  accuracy 50.0 %  kl 0.2500  lr 3.00e-04  "
                                   "12.3k tokens/s  scale 65,536  skipped 1,234"));
}

TEST(Console, CountsDownToWhicheverLimitComesFirst) {
  const auto lines = plain_lines([](OpenedLogger& logger) {
    logger.tell(start_time, run_of(1000, 30));
    logger.tell(start_time + 1, step(1));
    logger.tell(start_time + 11, step(2));
  });
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[1], HasSubstr("  36 %"));
  EXPECT_THAT(lines[1], HasSubstr("ETA 0:19"));
}

TEST(Console, GivesAnEvaluationALineOfItsOwn) {
  const auto tell = [](OpenedLogger& logger) {
    logger.tell(start_time, run_of(2000));
    logger.tell(start_time + 1, step(1200));
    EvaluationRecord record;
    record.step = 1200;
    record.split = "validation";
    record.loss = 2;
    record.accuracy = 0.4567;
    record.seconds = 1.25;
    logger.tell(start_time + 1.5, record);
  };
  const std::string expected = "  step 1,200  validation loss 2.0000  accuracy 45.67 %  in 1.2 s";
  EXPECT_EQ(plain_lines(tell).back(), expected);
  const auto redrawn = redrawn_lines(tell);
  ASSERT_EQ(redrawn.size(), 3u);
  EXPECT_EQ(redrawn[1], expected + "\x1b[K");
  EXPECT_EQ(redrawn[2], redrawn[0]) << "the live line goes on below";
}

TEST(Console, RedrawsOneLineAtMostTenTimesASecond) {
  const auto lines = redrawn_lines([](OpenedLogger& logger) {
    logger.tell(start_time, run_of(1000));
    for (std::uint64_t number = 1; number <= 1000; ++number) {
      logger.tell(start_time + 0.001 * static_cast<double>(number), step(number));
    }
  });
  EXPECT_GE(lines.size(), 9u);
  EXPECT_LE(lines.size(), 11u);
  EXPECT_THAT(lines, Each(testing::EndsWith("\x1b[K")));
  EXPECT_EQ(lines[0], "  step     1/1,000  ──────────────────────    0 %  loss 2.5000   16.0 samples/s\x1b[K")
      << "79 columns, when nobody says how many there are";
}

// The width of a line of ASCII and bar characters without colours.
std::size_t columns_of(std::string line) {
  line.resize(line.find('\x1b'));
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

TEST(Console, KeepsTheLiveLineShorterThanTheTerminal) {
  const auto lines = redrawn_lines([](OpenedLogger& logger) {
    auto run = run_of(1000000, 3600);
    run.scalar_names = {"reconstruction", "divergence"};
    logger.tell(start_time, run);
    for (std::uint64_t number = 1; number <= 20; ++number) {
      auto record = step(number * 50000);
      record.tokens = 1000;
      record.loss_scale = 65536;
      record.skipped_steps = 9;
      record.accuracy = 0.5;
      record.scalar_count = 2;
      logger.tell(start_time + static_cast<double>(number), record);
    }
  });
  ASSERT_EQ(lines.size(), 20u);
  for (const auto& line : lines) {
    EXPECT_LT(columns_of(line), 80u) << line;
    EXPECT_THAT(line, HasSubstr("loss 2.5000")) << "what matters most stays";
  }
  EXPECT_THAT(lines[9], HasSubstr("━╸─")) << "half a million of a million";
}

TEST(Console, EndsTheLiveLineWithTheLastStep) {
  const auto lines = redrawn_lines([](OpenedLogger& logger) {
    logger.tell(start_time, run_of(3));
    for (std::uint64_t number = 1; number <= 3; ++number) logger.tell(start_time + 0.01, step(number));
    logger.tell(start_time + 1, RunEnded{});
  });
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[1], HasSubstr("step 3/3"));
  EXPECT_THAT(lines[1], HasSubstr("100 %"));
}

TEST(Console, UsesColoursOnlyWhenTheyAreWanted) {
  const auto tell = [](OpenedLogger& logger) {
    logger.tell(start_time, run_of(3));
    logger.tell(start_time + 1, step(1));
  };
  EXPECT_THAT(plain_lines(tell), Each(Not(HasSubstr("\x1b"))));
  auto run = plain();
  run.color = true;
  EXPECT_THAT(printed({}, run, tell), Each(HasSubstr("\x1b[2mloss\x1b[0m \x1b[1m2.5000\x1b[0m")));
}

TEST(Console, PrintsNothingForARunWithoutSteps) {
  EXPECT_TRUE(redrawn_lines([](OpenedLogger& logger) {
                logger.tell(start_time, run_of(3));
                logger.tell(start_time, RunEnded{});
              }).empty());
}

}  // namespace
}  // namespace binade::host
