// What the logger promises, called as the host calls it.
#include <binade/testing.h>

#include <fstream>
#include <sstream>

using binade::testing::expect, binade::testing::Option;

int main() {
  const binade::testing::Logger logger({Option::path("file", "losses_test.txt"), {"every", 2}});
  for (std::uint64_t number = 1; number <= 4; ++number) {
    binade_step_event step{};
    step.step = number;
    step.loss = 1.0 / static_cast<double>(number);
    logger.write(BINADE_EVENT_STEP, step);
  }
  logger.flush();
  std::stringstream text;
  text << std::ifstream("losses_test.txt").rdbuf();
  expect(text.str() == "2 0.5\n4 0.25\n", "every second step has a line");
  return binade::testing::result();
}
