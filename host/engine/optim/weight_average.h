// An exponential moving average of the weights (EMA).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace binade::host {

class Snapshot;

// After the n-th update each average is d average + (1 - d) parameter with d = min(decay, (1 + n) / (10 + n)), so that
// the first weights are soon forgotten (the ramp of tf.train.ExponentialMovingAverage).
class WeightAverage {
 public:
  // `decay` 0 keeps no average: none of the calls below does anything.
  WeightAverage(std::vector<at::Tensor> parameters, double decay);

  bool enabled() const { return decay_ != 0; }
  void update();  // after an applied step

  // By the names of the parameters, as "average.<name>".
  void save(const std::vector<std::string>& names, Snapshot& snapshot) const;
  void load(const std::vector<std::string>& names, const Snapshot& snapshot);

  // While it lives, the parameters hold their averages.
  class Applied {
   public:
    explicit Applied(WeightAverage& average) : average_(average) { average_.swap(); }
    ~Applied() { average_.swap(); }
    Applied(const Applied&) = delete;
    Applied& operator=(const Applied&) = delete;

   private:
    WeightAverage& average_;
  };

 private:
  void swap();

  std::vector<at::Tensor> parameters_, averages_;
  double decay_;
  std::uint64_t updates_ = 0;
};

}  // namespace binade::host
