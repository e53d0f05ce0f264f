// The tensorboard logger's event files, parsed byte by byte. (tensorboard_peer.py reads them with TensorBoard itself.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <functional>
#include <limits>
#include <sstream>

#include "plugins/loggers/tensorboard_records.h"
#include "tests/plugins/logger_opened.h"
#include "tests/support/step_record.h"

namespace binade::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

// A CRC-32C computed one bit at a time.
std::uint32_t slow_crc(const std::string& data) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : data) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78U : 0);
  }
  return ~crc;
}

template <class Number>
Number take(const std::string& bytes, std::size_t& position) {
  Number number;
  std::memcpy(&number, bytes.data() + position, sizeof(number));
  position += sizeof(number);
  return number;
}

std::string take_checked(const std::string& bytes, std::size_t& position, std::size_t size) {
  auto data = bytes.substr(position, size);
  EXPECT_EQ(data.size(), size) << "the file ends inside a record";
  position += size;
  const auto crc = slow_crc(data);
  EXPECT_EQ(take<std::uint32_t>(bytes, position), ((crc >> 15) | (crc << 17)) + 0xA282EAD8U);
  return data;
}

std::vector<std::string> records(const std::string& bytes) {
  std::vector<std::string> all;
  for (std::size_t position = 0; position < bytes.size() && !testing::Test::HasFailure();) {
    const auto length = take_checked(bytes, position, 8);
    std::size_t start = 0;
    all.push_back(take_checked(bytes, position, take<std::uint64_t>(length, start)));
  }
  return all;
}

// A protocol buffer's fields: numbers as they are, bytes as text.
struct Field {
  std::uint64_t number;
  std::uint64_t bits = 0;
  std::string text = "";
};
std::vector<Field> fields(const std::string& message) {
  std::vector<Field> all;
  std::size_t position = 0;
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(message.at(position++));
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
  };
  while (position < message.size()) {
    const auto key = varint();
    Field field{key >> 3};
    switch (key & 7) {
      case 0:
        field.bits = varint();
        break;
      case 1:
        field.bits = take<std::uint64_t>(message, position);
        break;
      case 2: {
        const auto size = varint();
        field.text = message.substr(position, size);
        position += size;
        break;
      }
      default:
        field.bits = take<std::uint32_t>(message, position);
    }
    all.push_back(field);
  }
  return all;
}

using Scalars = std::vector<std::pair<std::string, float>>;
struct ParsedEvent {
  double time = 0;
  std::uint64_t step = 0;
  std::string version;
  bool session_start = false;
  Scalars scalars;
};

ParsedEvent parse(const std::string& record) {
  ParsedEvent event;
  for (const auto& field : fields(record)) {
    if (field.number == 1) std::memcpy(&event.time, &field.bits, sizeof(event.time));
    if (field.number == 2) event.step = field.bits;
    if (field.number == 3) event.version = field.text;
    if (field.number == 7) event.session_start = fields(field.text).at(0).bits == 1;
    if (field.number != 5) continue;
    for (const auto& value : fields(field.text)) {
      const auto parts = fields(value.text);
      const auto bits = static_cast<std::uint32_t>(parts.at(1).bits);
      float number = 0;
      std::memcpy(&number, &bits, sizeof(number));
      event.scalars.emplace_back(parts.at(0).text, number);
    }
  }
  return event;
}

StepRecord tensorboard_step(std::uint64_t number) {
  auto record = step_record(number);
  record.loss = 0.1;
  record.accuracy = 0.75;
  record.skipped_steps = 3;
  return record;
}

class TensorBoardLogger : public testing::Test {
 protected:
  OpenedLogger open(const GivenOptions& options = {}) {
    return OpenedLogger("tensorboard", options, {"run", "first-run", folder_.path().string(), "", false, false});
  }
  std::vector<std::filesystem::path> files(const std::string& folder = ".") const {
    std::vector<std::filesystem::path> all;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path() / folder)) all.push_back(entry.path());
    std::sort(all.begin(), all.end());
    return all;
  }
  static std::vector<ParsedEvent> events(const std::filesystem::path& file) {
    std::vector<ParsedEvent> all;
    for (const auto& record : records(contents(file))) all.push_back(parse(record));
    return all;
  }

  TemporaryFolder folder_;
};

TEST(Crc32c, MatchesKnownVectors) {
  // RFC 3720, B.4.
  EXPECT_EQ(tensorboard::crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(tensorboard::crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(tensorboard::crc32c(std::string(32, '\xFF')), 0x62A8AB43U);
  EXPECT_EQ(tensorboard::crc32c(""), 0U);
}

TEST_F(TensorBoardLogger, BeginsAFileWithItsVersion) {
  auto logger = open();
  logger.tell(1700000000.5, RunStarted{});
  logger.flush();
  ASSERT_EQ(files().size(), 1u);
  EXPECT_THAT(files()[0].filename().string(), testing::StartsWith("events.out.tfevents.1700000000."));
  const auto all = events(files()[0]);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].version, "brain.Event:2");
  EXPECT_EQ(all[0].time, 1700000000.5);
}

TEST_F(TensorBoardLogger, WritesTheScalarsOfStepsAndEvaluations) {
  auto logger = open();
  logger.tell(1000, RunStarted{});
  logger.tell(1000.5, tensorboard_step(1));
  EvaluationRecord evaluation;
  evaluation.step = 300;
  evaluation.split = "validation";
  evaluation.loss = 2;
  evaluation.accuracy = 0.5;
  logger.tell(1001, evaluation);
  logger.flush();
  const auto all = events(files().at(0));
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[1].time, 1000.5);
  EXPECT_EQ(all[1].step, 1u);
  EXPECT_THAT(all[1].scalars, UnorderedElementsAre(Pair("loss/train", 0.1F), Pair("accuracy/train", 0.75F),
                                                   Pair("lr", 3e-4F), Pair("grad_norm", 1.5F),
                                                   Pair("amp/loss_scale", 65536), Pair("amp/skipped_steps", 3)));
  EXPECT_EQ(all[2].step, 300u);
  EXPECT_THAT(all[2].scalars, ElementsAre(Pair("loss/validation", 2), Pair("accuracy/validation", 0.5F)));
}

TEST_F(TensorBoardLogger, WritesTheModelsScalarsUnderTheirNames) {
  auto logger = open();
  RunStarted run;
  run.scalar_names = {"kl", "loss"};
  logger.tell(0, run);
  auto record = tensorboard_step(1);
  record.scalars = {0.25, 0.5};
  record.scalar_count = 2;
  logger.tell(0, record);
  logger.close();
  const auto scalars = events(files().at(0)).at(1).scalars;
  EXPECT_THAT(scalars, testing::Contains(Pair("model/kl/train", 0.25F)));
  EXPECT_THAT(scalars, testing::Contains(Pair("model/loss/train", 0.5F)));
}

TEST_F(TensorBoardLogger, LeavesOutAnAccuracyThatDoesNotExistButKeepsAnOverflow) {
  auto logger = open();
  logger.tell(0, RunStarted{});
  auto record = tensorboard_step(1);
  record.accuracy = nan;
  record.gradient_norm = std::numeric_limits<double>::infinity();
  logger.tell(0, record);
  logger.close();
  const auto scalars = events(files().at(0)).at(1).scalars;
  EXPECT_EQ(scalars.size(), 5u);
  EXPECT_THAT(scalars, testing::Contains(Pair("grad_norm", testing::Gt(3e38F))));
}

TEST_F(TensorBoardLogger, TellsReadersToForgetTheStepsThatAResumedRunRepeats) {
  auto first = open();
  first.tell(1000, RunStarted{});
  first.tell(1001, tensorboard_step(1));
  first.tell(1001, tensorboard_step(2));
  first.close();
  auto second = open();
  second.tell(1000, RunStarted{});  // in the same second, too
  second.tell(1002, tensorboard_step(2));
  second.tell(1002, tensorboard_step(3));
  second.close();
  ASSERT_EQ(files().size(), 2u);
  for (const auto& event : events(files()[0])) EXPECT_FALSE(event.session_start);
  const auto all = events(files()[1]);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_TRUE(all[1].session_start);
  EXPECT_EQ(all[1].step, 2u);
  EXPECT_FALSE(all[2].session_start);
  EXPECT_FALSE(all[3].session_start);
}

TEST_F(TensorBoardLogger, CutsARunThatWasKilledBackToItsCheckpoint) {
  EvaluationRecord evaluation;
  evaluation.split = "validation";
  auto first = open();
  first.tell(1000, RunStarted{});
  for (const std::uint64_t number : {1, 2}) first.tell(1001, tensorboard_step(number));
  evaluation.step = 2;
  first.tell(1001, evaluation);
  for (const std::uint64_t number : {3, 4}) first.tell(1001, tensorboard_step(number));
  evaluation.step = 4;
  first.tell(1001, evaluation);
  first.close();
  const auto killed = files().at(0);
  std::filesystem::resize_file(killed, std::filesystem::file_size(killed) - 3);

  RunStarted resumed;
  resumed.steps_done = 3;
  resumed.evaluated_step = 2;
  for (const double time : {1010.0, 1020.0}) {  // and once more from the same checkpoint
    auto second = open();
    second.tell(time, resumed);
    second.tell(time, tensorboard_step(4));
    second.close();
  }
  ASSERT_EQ(files().size(), 3u);
  const auto steps = [&](std::size_t file) {
    std::vector<std::uint64_t> steps;
    for (const auto& event : events(files()[file])) {
      if (!event.scalars.empty()) steps.push_back(event.step);
    }
    return steps;
  };
  EXPECT_THAT(steps(0), ElementsAre(1u, 2u, 2u, 3u));
  EXPECT_THAT(steps(1), testing::IsEmpty()) << "step 4 comes again";
  EXPECT_THAT(steps(2), ElementsAre(4u));
  const auto all = events(files()[2]);
  EXPECT_TRUE(all.at(1).session_start) << "for readers that have seen step 4 already";
  EXPECT_EQ(all[1].step, 4u);
}

TEST_F(TensorBoardLogger, LeavesTheFilesOfOtherRunsInAFolderThatSeveralShare) {
  const TemporaryFolder shared;
  const GivenOptions options{{"folder", text(shared.path().string())}};
  RunStarted run;
  for (const std::uint64_t steps_done : {0, 1}) {
    run.steps_done = steps_done;
    auto logger = open(options);
    logger.tell(1000 + static_cast<double>(steps_done), run);
    for (std::uint64_t number = steps_done + 1; number <= 3; ++number) logger.tell(1000, tensorboard_step(number));
  }
  std::vector<std::filesystem::path> all;
  for (const auto& entry : std::filesystem::directory_iterator(shared.path())) all.push_back(entry.path());
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(events(all[0]).size(), 4u) << "its version and three steps";
  EXPECT_TRUE(events(all[1]).at(1).session_start);
}

TEST_F(TensorBoardLogger, MakesItsFolder) {
  auto logger = open({{"folder", text("logs/tb")}});
  logger.tell(0, RunStarted{});
  EXPECT_EQ(files("logs/tb").size(), 1u);
}

TEST_F(TensorBoardLogger, SaysWhichFolderItCannotWriteTo) {
  auto logger = open({{"folder", text("/proc/self")}});
  try {
    logger.tell(0, RunStarted{});
    FAIL() << "not refused";
  } catch (const PluginError& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot create /proc/self/events.out.tfevents."));
  }
  EXPECT_THROW(logger.tell(0, tensorboard_step(1)), PluginError) << "and goes on saying so";
}

TEST_F(TensorBoardLogger, CutsBackOnlyFiles) {
  const TemporaryFolder elsewhere;
  const auto target = elsewhere.write("other", "kept");
  const auto name = folder_.path() / "events.out.tfevents.1";
  const std::function<void()> makers[] = {[&] { std::filesystem::create_symlink(target, name); },
                                          [&] { ASSERT_EQ(::mkfifo(name.c_str(), 0600), 0); }};
  RunStarted resumed;
  resumed.steps_done = 1;
  for (const auto& make : makers) {
    make();
    auto logger = open();
    try {
      logger.tell(2000000000, resumed);
      ADD_FAILURE() << "not refused";
    } catch (const PluginError& error) {
      EXPECT_THAT(error.what(), HasSubstr(name.string() + ": it is a "));
    }
    std::filesystem::remove(name);
  }
  EXPECT_EQ(std::filesystem::file_size(target), 4u);
}

TEST_F(TensorBoardLogger, SaysWhichFolderItCannotMakeAndWhatAsksForIt) {
  folder_.write("taken", "");
  auto logger = open({{"folder", text("taken/tb")}});
  try {
    logger.tell(0, RunStarted{});
    FAIL() << "not refused";
  } catch (const PluginError& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot create the folder " + (folder_.path() / "taken").string() +
                                        ": it exists and is not a folder (`folder` "));
  }
}

}  // namespace
}  // namespace binade::host
