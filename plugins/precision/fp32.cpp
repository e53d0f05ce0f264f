// Single precision: the reference, and the fastest choice on most CPUs.
#include <binade/precision.h>

namespace {

struct Fp32 {
  binade::Policy policy() const { return binade::full_precision(); }
};

}  // namespace

BINADE_PRECISION(Fp32)
