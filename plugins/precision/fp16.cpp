// Autocast to float16. Small gradients would underflow, so the host scales the loss with these constants.
#include <binade/precision.h>

namespace {

class Fp16 {
 public:
  explicit Fp16(const binade::Options& options) : policy_(binade::autocast(BINADE_FLOAT16)) {
    policy_.dynamic_scaling = 1;
    policy_.init_scale = options.number("init_scale");
    policy_.growth_factor = options.number("growth_factor");
    policy_.backoff_factor = options.number("backoff_factor");
    policy_.growth_interval = options.integer("growth_interval");
    policy_.min_scale = options.number("min_scale");
    policy_.hysteresis = options.integer("hysteresis");
    if (policy_.min_scale > policy_.init_scale) {
      throw std::invalid_argument("min_scale must not be above init_scale");
    }
  }
  binade::Policy policy() const { return policy_; }

 private:
  binade::Policy policy_;
};

}  // namespace

BINADE_PRECISION(Fp16)
