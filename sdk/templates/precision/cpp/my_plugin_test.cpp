// Tests the policy by calling it as the host does.
#include <binade/testing.h>

using binade::testing::expect;

int main() {
  const binade::testing::Precision precision({{"growth", 1.5}});
  expect(precision.policy().compute_dtype == BINADE_FLOAT16, "it computes in fp16");
  binade::Outcome step{};
  step.scale = 1024;
  expect(precision.update(step).scale == 1536, "the scale grows");
  step.found_inf = 1;
  expect(precision.update(step).scale == 512, "an overflow halves it");
  return binade::testing::result();
}
