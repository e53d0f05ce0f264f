// Autocast to bfloat16. It has the range of fp32, so gradients do not underflow and the loss is not scaled.
#include <binade/precision.h>

namespace {

struct Bf16 {
  binade::Policy policy() const { return binade::autocast(BINADE_BFLOAT16); }
};

}  // namespace

BINADE_PRECISION(Bf16)
