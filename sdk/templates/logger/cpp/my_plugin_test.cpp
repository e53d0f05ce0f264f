// Tests the logger by calling it as the host does.
#include <binade/testing.h>

#include <cstdio>
#include <fstream>
#include <sstream>

using binade::testing::expect;

namespace {

void tell_steps(std::uint64_t first, std::uint64_t last, std::uint64_t checkpoint) {
  const binade::testing::Logger logger({{"file", "losses_test.txt"}, {"every", 2}});
  binade_run_start_event start{};
  start.directory = {".", 1};
  logger.write(BINADE_EVENT_RUN_START, start);
  binade_resumed_event resumed{};
  resumed.step = checkpoint;
  if (checkpoint != 0) logger.write(BINADE_EVENT_RESUMED, resumed);
  for (std::uint64_t number = first; number <= last; ++number) {
    binade_step_event step{};
    step.step = number;
    step.loss = 1.0 / static_cast<double>(number);
    logger.write(BINADE_EVENT_STEP, step);
  }
  logger.flush();
}

std::string written() {
  std::stringstream text;
  text << std::ifstream("losses_test.txt").rdbuf();
  return text.str();
}

}  // namespace

int main() {
  std::remove("losses_test.txt");
  tell_steps(1, 4, 0);
  expect(written() == "2 0.5\n4 0.25\n", "every second step has a line");
  std::ofstream("losses_test.txt", std::ios::app) << "6 0.1";
  tell_steps(3, 8, 2);
  expect(written() == "2 0.5\n4 0.25\n6 0.166667\n8 0.125\n", "a resumed run continues from its checkpoint");
  return binade::testing::result();
}
