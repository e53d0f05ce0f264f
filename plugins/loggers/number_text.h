// Formats numbers and durations for people, in few characters.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>

namespace console {

template <class... Arguments>
std::string format(const char* pattern, Arguments... arguments) {
  char text[64];
  const int size = std::snprintf(text, sizeof(text), pattern, arguments...);
  return std::string(text, size < 0 ? 0 : std::min<std::size_t>(static_cast<std::size_t>(size), sizeof(text) - 1));
}

// 65536 -> "65,536"
inline std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t end = text.size(); end > 3; end -= 3) text.insert(end - 3, 1, ',');
  return text;
}

// 12345 -> "12.3k": three digits and a unit, padded to five characters below 1000 T.
inline std::string short_number(double number) {
  if (!(number >= 0) || std::isinf(number)) return "    -";
  std::size_t unit = 0;
  while (number >= 999.5 && unit < 4) {
    number /= 1000;
    ++unit;
  }
  const int decimals = number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
  const std::string digits = format("%.*f", decimals, number);
  const std::string text = unit == 0 ? digits : digits + "?kMGT"[unit];
  return text.size() < 5 ? std::string(5 - text.size(), ' ') + text : text;
}

// Four decimals if the magnitude allows, else scientific notation.
inline std::string loss_text(double loss) {
  if (std::isnan(loss)) return "nan";
  if (std::isinf(loss)) return loss > 0 ? "inf" : "-inf";
  const double size = std::abs(loss);
  return size == 0 || (size >= 0.001 && size < 10000) ? format("%.4f", loss) : format("%.3e", loss);
}

// A loss scale, which is usually a power of two.
inline std::string scale_text(double scale) {
  const bool whole = scale >= 1 && scale < 1e10 && scale == std::floor(scale);
  return whole ? grouped(static_cast<std::uint64_t>(scale)) : format("%.4g", scale);
}

// 75 -> "1:15", 3675 -> "1:01:15"
inline std::string duration_text(double seconds) {
  if (!(seconds >= 0) || seconds > 1e7) return "-:--";
  const auto whole = static_cast<unsigned>(std::lround(seconds));
  if (whole < 3600) return format("%u:%02u", whole / 60, whole % 60);
  return format("%u:%02u:%02u", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace console
