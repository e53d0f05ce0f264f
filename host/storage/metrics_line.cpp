#include "host/storage/metrics_line.h"

#include <charconv>
#include <cmath>

namespace binade::host {
namespace {

// Uses fixed notation for common magnitudes: 0.0003, not 3e-04.
std::to_chars_result shortest(char* first, char* last, double value) {
  const double magnitude = std::abs(value);
  if (value == 0 || (magnitude >= 1e-5 && magnitude < 1e15)) {
    return std::to_chars(first, last, value, std::chars_format::fixed);
  }
  return std::to_chars(first, last, value);
}

}  // namespace

void MetricsLine::number(std::string_view key, double value) {
  text(key);
  if (!std::isfinite(value)) return text("null");
  std::array<char, number_bytes> digits{};
  const auto [end, error] = shortest(digits.data(), digits.data() + digits.size(), value);
  text({digits.data(), end});
}

void MetricsLine::measured(std::string_view key, double value, bool scalar) {
  number(key, value);
  if (std::isfinite(value) || nonfinite_count_ == nonfinite_.size()) return;
  nonfinite_[nonfinite_count_++] = {key, value, scalar};
}

void MetricsLine::nonfinite() {
  if (nonfinite_count_ == 0) return;
  text(",\"nonfinite\":{");
  for (std::size_t i = 0; i < nonfinite_count_; ++i) {
    const auto& [key, value, scalar] = nonfinite_[i];
    if (i != 0) text(",");
    text(scalar ? "\"scalars." : "\"");
    text(key.substr(key.find('"') + 1));
    text(std::isnan(value) ? "\"nan\"" : value > 0 ? "\"inf\"" : "\"-inf\"");
  }
  text("}");
}

void MetricsLine::integer(std::string_view key, std::uint64_t value) {
  text(key);
  std::array<char, number_bytes> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  text({digits.data(), end});
}

}  // namespace binade::host
