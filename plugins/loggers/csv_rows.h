// Decides which rows of an existing CSV file a resumed run keeps.
#pragma once

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace csv_rows {

// True if a row, "TIME,SPLIT,STEP,...", was written before the checkpoint: a step up to `step`, or an evaluation up to
// `evaluated_step`.
inline bool belongs(std::string_view row, std::uint64_t step, std::uint64_t evaluated_step) {
  const auto next_cell = [&row] {
    const auto end = row.find(',');
    const auto cell = row.substr(0, end);
    row.remove_prefix(end == std::string_view::npos ? row.size() : end + 1);
    return cell;
  };
  next_cell();
  const auto split = next_cell(), number = next_cell();
  std::uint64_t of_row = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), of_row);
  if (error != std::errc() || end != number.data() + number.size()) return false;
  return of_row <= (split == "train" ? step : evaluated_step);
}

// Size in bytes of the header and the following rows, up to the first one that is incomplete or does not belong.
template <class Belongs>
std::uintmax_t size_until(const std::filesystem::path& path, Belongs belongs) {
  std::ifstream file(path, std::ios::binary);
  file.exceptions(std::ios::badbit);  // a read error must not look like the end of the file
  std::uintmax_t size = 0;
  for (std::string row; std::getline(file, row) && !file.eof(); size += row.size() + 1) {
    if (size != 0 && !belongs(row)) break;
  }
  return size;
}

}  // namespace csv_rows
