// The small data set and the experiment that most tests of whole runs train.
#pragma once

#include <string>

namespace binade::testing {

// `rows` points of two classes that a line separates.
inline std::string points_csv(int rows) {
  std::string text = "x,y,side\n";
  for (int row = 0; row < rows; ++row) {
    const int x = row * 37 % 101 - 50, y = row * 53 % 97 - 48;
    text += std::to_string(x) + "," + std::to_string(y) + "," + (x + y > 0 ? "above" : "below") + "\n";
  }
  return text;
}

// An experiment on that file, called "points", of a few steps on the CPU; `more` is added at its end.
inline std::string points_experiment(const std::string& more = "") {
  return R"([experiment]
name = "points"

[model]
plugin = "mlp"

[dataset]
plugin = "csv"
path = "points.csv"

[precision]
plugin = "fp32"

[train]
steps = 8
batch_size = 16
device = "cpu"
)" + more;
}

}  // namespace binade::testing
