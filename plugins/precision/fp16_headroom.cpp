// Autocast to float16 with a measured loss scale: periodically measures the largest gradients and chooses the power of
// two that keeps them `headroom` binades below overflow. A good starting point for a policy with its own update().
#include <binade/precision.h>

#include <algorithm>
#include <cmath>

namespace {

constexpr int largest_fp16_exponent = 15;  // 65504 lies in [2^15, 2^16)
constexpr int exponent_bias = 127;         // of fp32, whose exponents are counted
constexpr int not_finite = BINADE_EXPONENTS - 1;

class Headroom {
 public:
  explicit Headroom(const binade::Options& options)
      : headroom_(static_cast<int>(options.integer("headroom"))),
        every_(options.integer("every")),
        init_scale_(options.number("init_scale")) {}

  binade::Policy policy() const {
    auto policy = binade::autocast(BINADE_FLOAT16);
    policy.dynamic_scaling = 1;
    policy.init_scale = init_scale_;
    policy.exponents_every = every_;
    return policy;
  }

  binade::Decision update(const binade::Outcome& outcome) {
    if (outcome.found_inf != 0) {
      // The scale is too high by an unknown factor. Consecutive overflows divide it by 2, 4, 16, then 256.
      fall_ = fall_ == 0 ? 1 : std::min(2 * fall_, 8);
      return {std::ldexp(outcome.scale, -fall_)};
    }
    fall_ = 0;
    if (outcome.exponents == nullptr) return {outcome.scale};
    const int largest = largest_exponent(outcome.exponents);
    if (largest == none) return {outcome.scale};  // every gradient is zero
    return {std::ldexp(outcome.scale, largest_fp16_exponent - headroom_ - largest)};
  }

  std::string save() const { return std::to_string(fall_); }
  void load(std::string_view state) { fall_ = std::stoi(std::string(state)); }

 private:
  static constexpr int none = -exponent_bias;

  // The exponent of the largest gradient, or `none`.
  static int largest_exponent(const std::uint64_t* counts) {
    for (int field = not_finite - 1; field > 0; --field) {
      if (counts[field] != 0) return field - exponent_bias;
    }
    return none;
  }

  int headroom_;
  std::int64_t every_;
  double init_scale_;
  int fall_ = 0;  // binades by which the last overflow lowered the scale; 0: the last step did not overflow
};

}  // namespace

BINADE_PRECISION(Headroom)
