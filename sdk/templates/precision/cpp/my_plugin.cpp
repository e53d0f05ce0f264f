// fp16 with a loss scale that grows a little in every step and is halved by an overflow.
#include <binade/precision.h>

struct MyPlugin {
  explicit MyPlugin(const binade::Options& options) : growth(options.number("growth")) {}

  binade::Policy policy() const {
    auto policy = binade::autocast(BINADE_FLOAT16);
    policy.dynamic_scaling = 1;
    policy.init_scale = 1024;
    return policy;
  }
  binade::Decision update(const binade::Outcome& outcome) {
    return {outcome.found_inf != 0 ? outcome.scale / 2 : outcome.scale * growth};
  }

  double growth;
};

BINADE_PRECISION(MyPlugin)
