// Formats one line of metrics.jsonl into an existing buffer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "host/events/events.h"

namespace binade::host {

// Appends to `buffer`, which must outlive this. Does not allocate if the buffer has enough capacity.
class MetricsLine {
 public:
  static constexpr std::size_t number_bytes = 32;     // the shortest form of a double has at most 24
  static constexpr std::size_t nonfinite_bytes = 32;  // of an entry in nonfinite(), without its name

  explicit MetricsLine(std::string& buffer) : buffer_(buffer) {}

  void begin() { nonfinite_count_ = 0; }
  void text(std::string_view text) { buffer_.append(text); }
  // `key` is the text before the number: `,"loss":`. Writes null for a number that is not finite.
  void number(std::string_view key, double value);
  void integer(std::string_view key, std::uint64_t value);
  // Like number(), but nonfinite() lists it if it is not finite; `key` must stay valid until then. `scalar`: it is one
  // of the model's scalars.
  void measured(std::string_view key, double value, bool scalar = false);
  // Writes `,"nonfinite":{...}` for all measured() numbers since begin() that are not finite, if there are any.
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
