// The csv logger's file.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <limits>
#include <sstream>

#include "tests/plugins/logger_opened.h"
#include "tests/support/step_record.h"

namespace binade::host {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr auto header =
    "time,split,step,epoch,loss,accuracy,learning_rate,gradient_norm,loss_scale,skipped,seconds,samples,tokens";

StepRecord csv_step(std::uint64_t number) {
  auto record = step_record(number);
  record.loss = 0.1;
  return record;
}

class CsvLogger : public testing::Test {
 protected:
  OpenedLogger open(const GivenOptions& options = {}) {
    return OpenedLogger("csv_logger", options, {"run", "first-run", folder_.path().string(), "", false, false});
  }
  std::string content(const std::string& name = "steps.csv") const { return contents(folder_ / name); }

  TemporaryFolder folder_;
};

TEST_F(CsvLogger, WritesARowPerStepAndPerEvaluation) {
  auto logger = open();
  logger.tell(1000, RunStarted{});
  logger.tell(1000.5, csv_step(1));
  logger.tell(1001, evaluation_record());
  logger.flush();
  EXPECT_EQ(content(), std::string(header) +
                           "\r\n1000.5,train,1,2,0.1,,3e-04,1.5,65536,0,0.25,8,512"
                           "\r\n1001,validation,1,,2,0.5,,,,,1.5,20,\r\n");
}

TEST_F(CsvLogger, TellsAnOverflowFromAMissingValue) {
  auto logger = open();
  logger.tell(0, RunStarted{});
  auto record = csv_step(1);
  record.loss = std::numeric_limits<double>::infinity();
  record.gradient_norm = nan;
  record.skipped = true;
  logger.tell(1000, record);
  logger.close();
  EXPECT_THAT(content(), HasSubstr("\r\n1000,train,1,2,inf,,3e-04,nan,65536,1,0.25,8,512\r\n"));
}

TEST_F(CsvLogger, WritesNumbersThatReadBackExactly) {
  auto logger = open();
  logger.tell(0, RunStarted{});
  auto record = csv_step(1);
  record.loss = 1.0 / 3;
  logger.tell(1700000000.123, record);
  logger.close();
  EXPECT_THAT(content(), HasSubstr("\r\n1700000000.123,train,1,2,0.3333333333333333,"));
}

TEST_F(CsvLogger, AddsAColumnForEachOfTheModelsScalarsAndQuotesItsName) {
  auto logger = open();
  RunStarted run;
  run.scalar_names = {"kl", "a,\"b\""};
  logger.tell(0, run);
  auto record = csv_step(1);
  record.scalars = {0.25, 0.5};
  record.scalar_count = 2;
  logger.tell(0, record);
  logger.close();
  EXPECT_THAT(content(), HasSubstr("samples,tokens,kl,\"a,\"\"b\"\"\"\r\n"));
  EXPECT_THAT(content(), HasSubstr(",8,512,0.25,0.5\r\n"));
}

TEST_F(CsvLogger, AddsRowsToAFileThatExists) {
  for (std::uint64_t number = 1; number <= 2; ++number) {
    auto logger = open();
    logger.tell(0, RunStarted{});
    logger.tell(0, csv_step(number));
    logger.close();
  }
  const auto text = content();
  EXPECT_EQ(text.find(header), 0u);
  EXPECT_EQ(text.find(header, 1), std::string::npos) << "one header";
  EXPECT_THAT(text, HasSubstr("\r\n0,train,1,"));
  EXPECT_THAT(text, HasSubstr("\r\n0,train,2,"));
}

RunStarted resumed_at(std::uint64_t step, std::uint64_t evaluated_step) {
  RunStarted run;
  run.steps_done = step;
  run.evaluated_step = evaluated_step;
  return run;
}

std::string first_cells(const std::string& row, int count) {
  auto end = row.find(',');
  while (--count > 0) end = row.find(',', end + 1);
  return row.substr(0, end);
}

// The checkpoint is of step 2 and knows of the evaluation at step 1.
TEST_F(CsvLogger, CutsARunThatWasKilledBackToItsCheckpoint) {
  const auto evaluate_at = [](OpenedLogger& logger, std::uint64_t number) {
    auto record = evaluation_record();
    record.step = number;
    logger.tell(1, record);
  };
  // Each cut is the first of its kind: what stands behind a row that goes would go with it.
  const std::function<void(OpenedLogger&)> later_rows[] = {
      [](OpenedLogger&) {},
      [](OpenedLogger& logger) { logger.tell(1, csv_step(3)); },
      [&](OpenedLogger& logger) { evaluate_at(logger, 2); },
  };
  const auto file = folder_.path() / "steps.csv";
  for (const auto& write_later_rows : later_rows) {
    SCOPED_TRACE(&write_later_rows - later_rows);
    std::filesystem::remove(file);
    {
      auto logger = open();
      logger.tell(0, RunStarted{});
      logger.tell(1, csv_step(1));
      evaluate_at(logger, 1);
      logger.tell(1, csv_step(2));
      write_later_rows(logger);
      logger.tell(1, csv_step(12));
      logger.close();
    }
    // A kill while it wrote the last row, of which "1,train,1" is there: a step that the checkpoint knows of.
    std::filesystem::resize_file(file, content().rfind("1,train,12,") + std::string("1,train,1").size());
    auto logger = open();
    logger.tell(2, resumed_at(2, 1));
    logger.tell(2, csv_step(3));
    logger.close();
    std::vector<std::string> rows;
    std::istringstream lines(content());
    for (std::string row; std::getline(lines, row);) rows.push_back(first_cells(row, 3));
    EXPECT_THAT(rows, testing::ElementsAre("time,split,step", "1,train,1", "1,validation,1", "1,train,2", "2,train,3"));
  }
}

TEST_F(CsvLogger, AnEvaluationThatTheCheckpointDoesNotKnowOfIsCutToo) {
  {
    auto logger = open();
    logger.tell(0, RunStarted{});
    logger.tell(1, csv_step(1));
    logger.tell(1, evaluation_record());
  }
  auto logger = open();
  logger.tell(2, resumed_at(1, 0));
  logger.tell(2, evaluation_record());
  logger.close();
  const auto text = content();
  EXPECT_THAT(text, HasSubstr("\r\n2,validation,1,"));
  EXPECT_THAT(text, Not(HasSubstr("\r\n1,validation,1,")));
}

TEST_F(CsvLogger, ARowThatWasTornGoesBeforeTheNextIsAdded) {
  {
    auto logger = open();
    logger.tell(0, RunStarted{});
    logger.tell(1, csv_step(1));
  }
  std::filesystem::resize_file(folder_.path() / "steps.csv", content().size() - 5);
  auto logger = open();
  logger.tell(0, RunStarted{});
  logger.tell(2, csv_step(1));
  logger.close();
  EXPECT_EQ(content(), std::string(header) + "\r\n2,train,1,2,0.1,,3e-04,1.5,65536,0,0.25,8,512\r\n");
}

TEST_F(CsvLogger, LeavesTheRowsOfOtherRunsInAFileThatSeveralShare) {
  const TemporaryFolder shared;
  const GivenOptions options{{"file", text((shared.path() / "all.csv").string())}};
  {
    auto logger = open(options);
    logger.tell(0, RunStarted{});
    for (std::uint64_t number = 1; number <= 3; ++number) logger.tell(1, csv_step(number));
  }
  auto logger = open(options);
  logger.tell(2, resumed_at(1, 0));
  logger.close();
  std::ostringstream all;
  all << std::ifstream(shared.path() / "all.csv", std::ios::binary).rdbuf();
  EXPECT_THAT(all.str(), HasSubstr("\r\n1,train,3,"));
}

TEST_F(CsvLogger, MakesTheFolderOfItsFile) {
  auto logger = open({{"file", text("logs/all.csv")}});
  logger.tell(0, RunStarted{});
  logger.tell(0, csv_step(1));
  logger.close();
  EXPECT_THAT(content("logs/all.csv"), testing::StartsWith(header));
}

// The logger's error message at the start of a run if it cannot write to `file`.
std::string refusal(OpenedLogger& logger) {
  try {
    logger.tell(0, RunStarted{});
  } catch (const PluginError& error) {
    return error.what();
  }
  ADD_FAILURE() << "not refused";
  return "";
}

TEST_F(CsvLogger, SaysWhichFileItCannotWrite) {
  auto logger = open({{"file", text(".")}});
  EXPECT_THAT(refusal(logger), AllOf(HasSubstr(folder_.path().string()), HasSubstr("it is a folder, not a file")));
  EXPECT_THROW(logger.tell(0, csv_step(1)), PluginError) << "and goes on saying so";
}

TEST_F(CsvLogger, SaysWhichFolderItCannotMakeAndWhatAsksForIt) {
  folder_.write("taken", "");
  auto logger = open({{"file", text("taken/a/steps.csv")}});
  EXPECT_THAT(refusal(logger), AllOf(HasSubstr("cannot create the folder " + (folder_.path() / "taken").string() +
                                               ": it exists and is not a folder"),
                                     HasSubstr("`file`"), Not(HasSubstr("filesystem error"))));
}

TEST_F(CsvLogger, DoesNotWriteThroughALink) {
  const auto target = folder_.write("other.csv", "kept");
  std::filesystem::create_symlink(target, folder_.path() / "steps.csv");
  auto logger = open();
  EXPECT_THAT(refusal(logger), HasSubstr("it is a symbolic link"));
  EXPECT_EQ(content("other.csv"), "kept");
  // Does not create the target of a broken link either.
  std::filesystem::remove(target);
  auto again = open();
  EXPECT_THAT(refusal(again), HasSubstr("it is a symbolic link"));
  EXPECT_FALSE(std::filesystem::exists(target));
}

TEST_F(CsvLogger, RefusesADevice) {
  auto logger = open({{"file", text("/dev/null")}});
  EXPECT_THAT(refusal(logger), HasSubstr("it is a device, not a file"));
}

TEST_F(CsvLogger, DoesNotWaitForTheReaderOfAPipe) {
  ASSERT_EQ(::mkfifo((folder_.path() / "steps.csv").c_str(), 0600), 0);
  auto logger = open();
  EXPECT_THAT(refusal(logger), HasSubstr("it is a named pipe without a reader"));
}

TEST_F(CsvLogger, WritesToAPipeThatIsRead) {
  const auto path = folder_.path() / "steps.csv";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  auto logger = open();
  logger.tell(0, RunStarted{});
  logger.tell(0, csv_step(1));
  logger.close();
  std::string rows(4096, '\0');
  rows.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(reader, rows.data(), rows.size()))));
  ::close(reader);
  EXPECT_THAT(rows, testing::StartsWith(header));
  EXPECT_THAT(rows, HasSubstr("\r\n0,train,1,"));
}

TEST_F(CsvLogger, RefusesANameThatTheSystemWouldCutShort) {
  try {
    auto logger = open({{"file", text(std::string("a\0b", 3))}});
    FAIL() << "not refused";
  } catch (const PluginError& error) {
    EXPECT_THAT(error.what(), HasSubstr(R"(`file` = "a\u0000b" contains the character U+0000)"));
  }
}

}  // namespace
}  // namespace binade::host
