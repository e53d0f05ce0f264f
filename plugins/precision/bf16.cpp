// Autocast to bfloat16. Its range is fp32's, so gradients do not underflow and nothing is scaled.
#include <binade/precision.h>

namespace {

struct Bf16 {
  binade::Policy policy() const { return binade::autocast(BINADE_BFLOAT16); }
};

}  // namespace

BINADE_PRECISION(Bf16)
