#include "host/cli/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "host/cli/signals.h"
#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

class ChildProcess : public ::testing::Test {
 protected:
  ChildEnd run(const std::string& python, const std::atomic<int>& stop) {
    return run_child({"/usr/bin/python3", "-c", python}, folder_.path() / "output", stop);
  }

  TemporaryFolder folder_;
};

TEST_F(ChildProcess, EndsWithItsExitCodeAndOutput) {
  const std::atomic<int> stop{0};
  EXPECT_EQ(run("print('a'); raise SystemExit(7)", stop).exit_code, 7);
  EXPECT_EQ(last_words(folder_.path() / "output"), "\n  | a");
  EXPECT_EQ(run("import os; os.kill(os.getpid(), 9)", stop).exit_code, 128 + SIGKILL);
}

TEST_F(ChildProcess, LastWordsBeginWithTheError) {
  const std::atomic<int> stop{0};
  run("print('step 1\\nerror: bad\\n  because'); print('\\n'.join(str(i) for i in range(3)))", stop);
  EXPECT_EQ(last_words(folder_.path() / "output"), "\n  | error: bad\n  |   because\n  | 0\n  | 1\n  | 2");
}

// The signal is sent as soon as the process exists, when it still has this program's handlers.
TEST_F(ChildProcess, IsToldToStopWhenItHasOnlyJustStarted) {
  take_stop_signals(Stopping::by_the_verb);
  const std::atomic<int> stop{SIGTERM};
  const std::string waits = "import signal, time\nsignal.pthread_sigmask(signal.SIG_UNBLOCK, [15])\ntime.sleep(20)";
  for (int attempt = 0; attempt < 10; ++attempt) {
    EXPECT_EQ(run(waits, stop).exit_code, 128 + SIGTERM);
    if (HasFailure()) break;
  }
  std::signal(SIGTERM, SIG_DFL);
}

}  // namespace
}  // namespace binade::host
