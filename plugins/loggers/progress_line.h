// One line of text made of parts, shortened to the available width, with a progress bar in the remaining space.
#pragma once

#include <binade/printable.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace console {

enum class Color { none, dim, bold, cyan, yellow, red };

// Colours the text if `colors` is true.
inline std::string paint(bool colors, Color color, const std::string& text) {
  static constexpr const char* codes[] = {"", "2", "1", "36", "33", "31"};
  if (!colors || color == Color::none) return text;
  return std::string("\x1b[") + codes[static_cast<int>(color)] + "m" + text + "\x1b[0m";
}

class ProgressLine {
 public:
  explicit ProgressLine(bool colors) : colors_(colors) {}

  // Adds a dim label and its value, both ASCII: "loss 2.3412". If the line is too long, parts of low `weight` are
  // dropped first.
  void add(int weight, const std::string& name, const std::string& value, Color color = Color::none) {
    const std::string label = binade::printable(name);  // the names of scalars come from the model
    Part part{weight, label.size() + value.size(), paint(colors_, Color::dim, label)};
    if (!label.empty() && !value.empty()) {
      ++part.width;
      part.text += " ";
    }
    part.text += paint(colors_, color, value);
    parts_.push_back(std::move(part));
  }

  // The line in at most `columns`. `progress`, 0 to 1, is drawn as a bar after the first part, unless it is negative.
  std::string text(std::size_t columns, double progress) {
    while (parts_.size() > 1) {
      const auto least = std::min_element(parts_.begin(), parts_.end(),
                                          [](const Part& a, const Part& b) { return a.weight < b.weight; });
      const bool for_bar = progress >= 0 && least->weight < bar_weight;
      if (width() + (for_bar ? gap + shortest_bar : 0) <= columns) break;
      parts_.erase(least);
    }
    const std::size_t room = columns - std::min(columns, width() + gap);
    std::string line(gap, ' ');
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (i > 0) line.append(gap, ' ');
      line += parts_[i].text;
      if (i == 0 && progress >= 0 && room >= shortest_bar) {
        line.append(gap, ' ');
        line += bar(std::min(room, longest_bar), progress);
      }
    }
    return width() > columns ? std::string() : line;
  }

 private:
  static constexpr std::size_t gap = 2, shortest_bar = 8, longest_bar = 30;
  static constexpr int bar_weight = 6;

  struct Part {
    int weight;
    std::size_t width;  // in columns
    std::string text;   // with colours
  };

  std::size_t width() const {
    std::size_t width = 0;
    for (const auto& part : parts_) width += gap + part.width;
    return width;
  }

  std::string bar(std::size_t columns, double progress) const {
    const auto halves =
        static_cast<std::size_t>(std::lround(std::min(progress, 1.0) * 2 * static_cast<double>(columns)));
    std::string done;
    std::string rest;
    for (std::size_t i = 0; i < halves / 2; ++i) done += "━";
    if (halves % 2 == 1) done += "╸";
    for (std::size_t i = (halves + 1) / 2; i < columns; ++i) rest += "─";
    return paint(colors_, Color::cyan, done) + paint(colors_, Color::dim, rest);
  }

  bool colors_;
  std::vector<Part> parts_;
};

}  // namespace console
