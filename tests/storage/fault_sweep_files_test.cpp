// Fault sweeps for the other files of a run: metrics.jsonl, small files that are replaced atomically, the run's
// directory.
#include <gmock/gmock.h>

#include <cerrno>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>

#include "host/base/atomic_file.h"
#include "host/base/read_file.h"
#include "host/base/sha256.h"
#include "host/storage/metrics_file.h"
#include "host/storage/run_directory.h"
#include "tests/support/failing_calls.h"
#include "tests/support/step_record.h"
#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

using ::testing::AnyOf;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int errors[] = {EIO, ENOSPC, EDQUOT, EINTR, 0};  // 0: short writes

// Makes each call fail in turn, until an attempt has no failure. `attempt` returns the number of calls.
void sweep(const std::function<int(const FaultPlan&)>& attempt) {
  for (const auto& call : fault_calls) {
    for (const int error : errors) {
      for (const bool sticky : {false, true}) {
        bool was_made = true;
        for (int at = 1; was_made; ++at) {
          SCOPED_TRACE(testing::Message() << call << " " << at << ", error " << error << (sticky ? ", sticky" : ""));
          was_made = attempt({call, at, sticky, error == 0 ? Fault::short_write : Fault::error, error}) >= at;
        }
      }
    }
  }
}

// Runs `act` under the plan. A failure must be the planned one and name its file. Returns whether `act` succeeded.
bool goes_through(const FaultPlan& plan, const std::string& about, int& calls, const std::function<void()>& act) {
  plan_fault(plan);
  try {
    act();
    calls = plan_fault({});
    return true;
  } catch (const std::system_error& error) {
    calls = plan_fault({});
    EXPECT_EQ(error.code().value(), plan.error) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(about));
  } catch (const std::runtime_error& error) {  // of those that read
    calls = plan_fault({});
    EXPECT_THAT(error.what(), HasSubstr(about));
  }
  return false;
}

void write_whole(const std::filesystem::path& path, const std::string& text) {
  AtomicFile file(path);
  file.write(text.data(), text.size());
  file.commit();
}

TEST(FaultSweepFiles, AFileIsTheOldOneOrTheNewOne) {
  sweep([](const FaultPlan& plan) {
    const TemporaryFolder folder(TemporaryFolder::in_memory());
    write_whole(folder / "a", "old");
    int calls = 0;
    const bool done = goes_through(plan, folder.path().string(), calls, [&] { write_whole(folder / "a", "new!"); });
    EXPECT_THAT(contents(folder / "a"), done ? AnyOf(Eq("new!"), Eq("new!")) : AnyOf(Eq("old"), Eq("new!")));
    const bool could_not_remove = plan.sticky && plan.call == "any";
    EXPECT_TRUE(could_not_remove || folder.names() == std::vector<std::string>{"a"});
    return calls;
  });
}

TEST(FaultSweepFiles, ARunsDirectoryIsThereOrTheErrorNamesIt) {
  sweep([](const FaultPlan& plan) {
    const TemporaryFolder folder(TemporaryFolder::in_memory());
    int calls = 0;
    std::filesystem::path made;
    const bool done = goes_through(plan, folder.path().string(), calls, [&] {
      const RunDirectory run(folder / "runs", "first", "steps = 1");
      run.write("experiment.toml", "steps = 1");
      made = run.path();
    });
    EXPECT_EQ(done, contents(made / "experiment.toml") == "steps = 1");
    return calls;
  });
}

TEST(FaultSweepFiles, WhatIsReadIsAllOfItOrAnError) {
  const TemporaryFolder folder(TemporaryFolder::in_memory());
  std::ofstream(folder / "a") << "abc";
  sweep([&](const FaultPlan& plan) {
    int calls = 0;
    std::string text;
    const bool done = goes_through(plan, folder.path().string(), calls, [&] { text = read_file(folder / "a"); });
    EXPECT_EQ(text, done ? "abc" : "");
    return calls;
  });
  const auto hash = sha256_of_file(folder / "a");
  sweep([&](const FaultPlan& plan) {
    int calls = 0;
    std::string text;
    const bool done = goes_through(plan, folder.path().string(), calls, [&] { text = sha256_of_file(folder / "a"); });
    EXPECT_EQ(text, done ? hash : "");
    return calls;
  });
}

StepRecord step(std::uint64_t number) {
  auto record = step_record(number);
  record.time = 1000.0 + 2 * static_cast<double>(number);  // each is written at once
  return record;
}

// The steps that whole lines tell of; the last line may be cut off.
std::vector<std::uint64_t> steps_told(const std::filesystem::path& path) {
  std::vector<std::uint64_t> steps;
  std::istringstream text(contents(path));
  for (std::string line; std::getline(text, line) && !text.eof();) {
    steps.push_back(nlohmann::json::parse(line)["step"].get<std::uint64_t>());
  }
  return steps;
}

constexpr std::uint64_t steps_written = 20;

TEST(FaultSweepFiles, TheMetricsHaveEveryStepWhenTheDiskIsFreeAgain) {
  sweep([](const FaultPlan& plan) {
    const TemporaryFolder folder(TemporaryFolder::in_memory());
    MetricsFile file(folder / "m");
    plan_fault(plan);
    for (std::uint64_t number = 1; number <= steps_written; ++number) file.step(step(number));
    file.run_ended({});
    const int calls = plan_fault({});
    EXPECT_EQ(file.failed(), !file.reason().empty());
    EXPECT_THAT(file.reason(), AnyOf(IsEmpty(), HasSubstr((folder / "m").string())));
    for (const auto told = steps_told(folder / "m"); const auto number : told) EXPECT_LE(number, told.size());
    file.run_ended({});
    EXPECT_EQ(steps_told(folder / "m").size(), steps_written);
    EXPECT_EQ(file.lost_lines(), 0u);
    return calls;
  });
}

TEST(FaultSweepFiles, ResumedMetricsKeepWhatTheCheckpointKnew) {
  sweep([](const FaultPlan& plan) {
    const TemporaryFolder folder(TemporaryFolder::in_memory());
    {
      MetricsFile file(folder / "m");
      for (std::uint64_t number = 1; number <= steps_written; ++number) file.step(step(number));
    }
    int calls = 0;
    const bool done = goes_through(plan, (folder / "m").string(), calls, [&] {
      const MetricsFile file(folder / "m", MetricsFile::Continued{12, 0});
    });
    const auto told = steps_told(folder / "m").size();
    EXPECT_TRUE(told == 12 || (!done && told == steps_written)) << told;
    return calls;
  });
}

}  // namespace
}  // namespace binade::host
