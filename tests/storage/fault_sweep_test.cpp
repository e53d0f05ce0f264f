// Makes every file system call fail in turn, once or from then on, while checkpoints are written and read, and again
// during the recovery afterwards.
#include <gmock/gmock.h>

#include <cerrno>
#include <functional>
#include <system_error>

#include "tests/storage/sample_checkpoint.h"
#include "tests/support/campaign.h"
#include "tests/support/failing_calls.h"
#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::size_t first_size = 6, second_size = 10;  // of two checkpoints of one step

struct Kind {
  Fault fault;
  int error;
};
constexpr Kind kinds[] = {{Fault::error, EIO},
                          {Fault::error, ENOSPC},
                          {Fault::error, EDQUOT},
                          {Fault::error, EINTR},
                          {Fault::short_write, 0}};

enum class Act { write_first, write_next, remove_older, replace, replace_without_exchange, write_over_leftovers, find };
constexpr int acts = 7;

// A run's checkpoints, and which of them must be found after any failure.
class Checkpoints {
 public:
  explicit Checkpoints(Act act) : act_(act) {
    forbid_exchange(act == Act::replace_without_exchange);
    if (act != Act::write_first) write_good(1);
    if (replaces() || act == Act::find) write_good(2);
    if (act == Act::write_over_leftovers) leave_leftovers();
  }
  ~Checkpoints() {
    plan_fault({});
    forbid_exchange(false);
  }
  Checkpoints(const Checkpoints&) = delete;
  Checkpoints& operator=(const Checkpoints&) = delete;

  // Runs with `plan` active. Returns the number of calls of its kind.
  int perform(const FaultPlan& plan) {
    if (act_ == Act::find) return find_under(plan);
    return write_under(plan, 2, second_size);
  }
  int find_under(const FaultPlan& plan) {
    auto folder = opened();
    std::vector<std::string> passed_over;
    std::optional<Checkpoint> found;
    plan_fault(plan);
    EXPECT_NO_THROW(found = folder.newest(passed_over));
    const int calls = plan_fault({});
    if (!found || found->step < acknowledged_) {
      EXPECT_TRUE(acknowledged_ == 0 || !passed_over.empty()) << "an older one, without a word";
    }
    EXPECT_THAT(passed_over, Each(HasSubstr(run_.path().string())));
    EXPECT_TRUE(!found || is_whole(*found));
    return calls;
  }
  int write_under(const FaultPlan& plan, std::uint64_t step, std::size_t numbers) {
    auto folder = opened();
    const SampleCheckpoint sample(step, numbers);
    plan_fault(plan);
    try {
      const auto written = folder.write(sample.content());
      const int calls = plan_fault({});
      const bool needed = plan.call == "fsync" || plan.call == "write";
      EXPECT_FALSE(needed && plan.fault == Fault::error && plan.error != EINTR && calls >= plan.at) << "acknowledged";
      EXPECT_THAT(written.warnings, Each(HasSubstr(run_.path().string())));
      acknowledged_ = step;
      written_size_ = numbers;
      return calls;
    } catch (const std::system_error& error) {
      const int calls = plan_fault({});
      EXPECT_EQ(error.code().value(), plan.error) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(run_.path().string()));
      EXPECT_FALSE(plan.fault == Fault::short_write) << error.what();
      EXPECT_FALSE(plan.error == EINTR && !plan.sticky && goes_on_when_interrupted(plan.call)) << error.what();
      return calls;
    }
  }

  void expect_no_leftover() const {
    for (const auto& entry : std::filesystem::directory_iterator(run_ / "checkpoints")) {
      EXPECT_THAT(entry.path().string(),
                  Not(::testing::AnyOf(::testing::EndsWith(".tmp"), ::testing::EndsWith(".old"))));
    }
  }
  // The state that a new process finds.
  void expect_nothing_lost() const {
    std::vector<std::string> passed_over;
    const auto found = opened().newest(passed_over);
    EXPECT_THAT(passed_over, IsEmpty()) << "something half is there by a checkpoint's name";
    EXPECT_EQ(found.has_value() || acknowledged_ == 0, true);
    if (!found) return;
    EXPECT_GE(found->step, acknowledged_);
    EXPECT_TRUE(is_whole(*found));
    if (found->step == acknowledged_ && written_size_ == second_size) {
      EXPECT_TRUE(SampleCheckpoint(found->step, second_size).is(*found)) << "the older of the two";
    }
    if (acknowledged_ < 2) return;
    for (const auto step : opened().steps()) EXPECT_NO_THROW(read_checkpoint(run_ / ("checkpoints/" + name(step))));
  }
  void expect_the_next_is_written_and_nothing_else_left(std::uint64_t step) {
    EXPECT_EQ(write_under({}, step, first_size), 0);
    expect_nothing_lost();
    expect_no_leftover();
  }

 private:
  static std::string name(std::uint64_t step) { return "step-0000000" + std::to_string(step); }
  bool replaces() const { return act_ == Act::replace || act_ == Act::replace_without_exchange; }
  CheckpointFolder opened() const { return {run_ / "checkpoints", act_ == Act::remove_older ? 1u : 3u, false}; }
  void write_good(std::uint64_t step) {
    opened().write(SampleCheckpoint(step, first_size).content());
    acknowledged_ = step;
    written_size_ = first_size;
  }
  // As processes leave them that were killed while they wrote, and between the two renames of a replacement.
  void leave_leftovers() const {
    const auto folder = run_ / "checkpoints";
    std::filesystem::create_directory(folder / (name(2) + ".tmp"));
    std::ofstream(folder / (name(2) + ".tmp/model.safetensors")) << "half";
    std::filesystem::rename(folder / name(1), folder / (name(1) + ".old"));
  }
  // The calls of <filesystem>, which looks for leftovers and removes them, are not made again.
  static bool goes_on_when_interrupted(const std::string& call) {
    return call == "read" || call == "write" || call == "fsync";
  }
  static bool is_whole(const Checkpoint& found) {
    return SampleCheckpoint(found.step, first_size).is(found) || SampleCheckpoint(found.step, second_size).is(found);
  }

  Act act_;
  TemporaryFolder run_{TemporaryFolder::in_memory()};
  std::uint64_t acknowledged_ = 0;
  std::size_t written_size_ = 0;
};

FaultPlan plan_of(const std::string& call, const Kind& kind, bool sticky, int at) {
  return {call, at, sticky, kind.fault, kind.error};
}

TEST(FaultSweep, NoFailureOfAnyCallLosesACheckpoint) {
  const auto calls = fault_calls.size();
  const auto all = acts * calls * std::size(kinds) * 2;
  Campaign campaign("fault-sweep", 150, all);
  while (auto number = campaign.next()) {
    const bool sticky = *number % 2 != 0;
    const auto& kind = kinds[*number / 2 % std::size(kinds)];
    const auto& call = fault_calls[*number / 2 / std::size(kinds) % calls];
    const auto act = static_cast<Act>(*number / 2 / std::size(kinds) / calls);
    bool was_made = true;  // the call that was to fail: else this was the clean run
    for (int at = 1; was_made; ++at) {
      SCOPED_TRACE(testing::Message() << "case " << *number << ": act " << static_cast<int>(act) << ", " << call << " "
                                      << at << ", error " << kind.error << (sticky ? ", sticky" : ""));
      Checkpoints checkpoints(act);
      was_made = checkpoints.perform(plan_of(call, kind, sticky, at)) >= at;
      checkpoints.expect_nothing_lost();
      if (act == Act::write_next && (call == "write" || call == "fsync")) checkpoints.expect_no_leftover();
      checkpoints.expect_the_next_is_written_and_nothing_else_left(3);
      campaign.count("points");
    }
    if (HasFailure()) break;
  }
}

// A case is an act and the instant of the first failure; within it, the second failure is at every call of the
// recovery.
TEST(FaultSweep, ASecondFailureDuringTheRecoveryLosesNothingEither) {
  constexpr std::uint64_t max_calls = 160;
  constexpr int writing_acts = acts - 1;
  Campaign campaign("fault-during-recovery", 12, writing_acts * max_calls * 2);
  while (auto number = campaign.next()) {
    const auto act = static_cast<Act>(*number / 2 / max_calls);
    const int first = static_cast<int>(*number / 2 % max_calls) + 1;
    const bool sticky = *number % 2 != 0;
    for (const bool second_sticky : {false, true}) {
      bool first_made = true, second_made = true;
      for (int second = 1; first_made && second_made; ++second) {
        SCOPED_TRACE(testing::Message() << "case " << *number << ": act " << static_cast<int>(act) << ", first at "
                                        << first << ", second at " << second << (second_sticky ? ", sticky" : ""));
        Checkpoints checkpoints(act);
        first_made = checkpoints.perform(plan_of("any", kinds[0], sticky, first)) >= first;
        const auto plan = plan_of("any", kinds[0], second_sticky, second);
        second_made = checkpoints.find_under(plan) >= second;
        second_made = checkpoints.write_under(plan, 3, first_size) >= second || second_made;
        checkpoints.expect_nothing_lost();
        checkpoints.expect_the_next_is_written_and_nothing_else_left(4);
        campaign.count("points");
      }
    }
    if (HasFailure()) break;
  }
}

}  // namespace
}  // namespace binade::host
