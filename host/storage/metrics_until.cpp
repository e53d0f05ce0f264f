#include "host/storage/metrics_until.h"

#include <charconv>
#include <fstream>
#include <string>
#include <string_view>

namespace binade::host {
namespace {

// A line as MetricsFile writes it: {"step":12,"split":"train",...
bool belongs(std::string_view line, std::uint64_t step, std::uint64_t evaluated_step) {
  constexpr std::string_view begin = "{\"step\":", split = ",\"split\":\"";
  if (!line.starts_with(begin) || !line.ends_with('}')) return false;
  line.remove_prefix(begin.size());
  std::uint64_t told = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), told);
  if (error != std::errc{}) return false;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  if (!line.starts_with(split)) return false;
  line.remove_prefix(split.size());
  const bool trained = line.starts_with("train\"") || line.starts_with("gradients\"");
  return told <= (trained ? step : evaluated_step);
}

}  // namespace

std::uint64_t metrics_until(const std::filesystem::path& path, std::uint64_t step, std::uint64_t evaluated_step) {
  std::ifstream file(path, std::ios::binary);
  std::uint64_t size = 0;
  for (std::string line; std::getline(file, line) && !file.eof();) {
    if (!belongs(line, step, evaluated_step)) break;
    size += line.size() + 1;
  }
  return size;
}

}  // namespace binade::host
