// Numbers in a row each, NaN for a missing one: as floats while every number is exactly a float, else as doubles.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace table {

class NumberStore {
 public:
  std::size_t size() const { return wide_ ? doubles_.size() : floats_.size(); }
  double operator[](std::size_t row) const { return wide_ ? doubles_[row] : static_cast<double>(floats_[row]); }

  // Promises about this many rows, so that adding does not copy.
  void reserve(std::size_t rows) {
    rows_ = rows;
    wide_ ? doubles_.reserve(rows) : floats_.reserve(rows);
  }
  void add(double number) {
    const auto narrow = static_cast<float>(number);
    if (!wide_ && static_cast<double>(narrow) != number && !std::isnan(number)) widen();
    if (wide_) return doubles_.push_back(number);
    floats_.push_back(narrow);
  }
  void append(const NumberStore& other) {
    if (other.wide_ && !wide_) widen();
    if (!wide_) {
      floats_.insert(floats_.end(), other.floats_.begin(), other.floats_.end());
    } else if (other.wide_) {
      doubles_.insert(doubles_.end(), other.doubles_.begin(), other.doubles_.end());
    } else {
      doubles_.insert(doubles_.end(), other.floats_.begin(), other.floats_.end());
    }
  }

 private:
  void widen() {
    doubles_.reserve(rows_ > floats_.size() ? rows_ : floats_.size() + 1);
    doubles_.assign(floats_.begin(), floats_.end());
    std::vector<float>().swap(floats_);
    wide_ = true;
  }

  std::vector<float> floats_;
  std::vector<double> doubles_;
  std::size_t rows_ = 0;
  bool wide_ = false;
};

}  // namespace table
