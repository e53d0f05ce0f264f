// The text of one line of metrics.jsonl, piece by piece, into a buffer that is there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "host/events/events.h"

namespace binade::host {

// Appends to `buffer`, which outlives this, and allocates nothing where that has room.
class MetricsLine {
 public:
  static constexpr std::size_t number_bytes = 32;     // the longest shortest double has 24
  static constexpr std::size_t nonfinite_bytes = 32;  // of a number in nonfinite(), beside its name

  explicit MetricsLine(std::string& buffer) : buffer_(buffer) {}

  void begin() { nonfinite_count_ = 0; }
  void text(std::string_view text) { buffer_.append(text); }
  // `key`: what stands before the number, `,"loss":`. null for what is not finite.
  void number(std::string_view key, double value);
  void integer(std::string_view key, std::uint64_t value);
  // A number that nonfinite() tells of where it is not finite; the key stays until then. `scalar`: of the model's own.
  void measured(std::string_view key, double value, bool scalar = false);
  // `,"nonfinite":{...}` of all that were measured since begin(); nothing where all were finite.
  void nonfinite();

 private:
  struct Nonfinite {
    std::string_view key;
    double value = 0;
    bool scalar = false;
  };

  std::string& buffer_;
  std::array<Nonfinite, 8 + max_scalars> nonfinite_{};
  std::size_t nonfinite_count_ = 0;
};

}  // namespace binade::host
