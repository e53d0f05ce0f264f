#include "host/storage/metrics_until.h"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "host/base/regular_file.h"
#include "host/base/system_call.h"

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
  if (open_to_read(path).error == ENOENT) return 0;
  const auto file = require_to_read(path);
  std::uint64_t size = 0;
  std::string waiting;  // what was read and is no whole line yet
  std::vector<char> block(std::size_t{1} << 18);
  ssize_t bytes = 0;
  for (bool all_belong = true; all_belong;) {
    bytes = uninterrupted([&] { return ::read(file.descriptor.number(), block.data(), block.size()); });
    if (bytes <= 0) break;
    waiting.append(block.data(), static_cast<std::size_t>(bytes));
    std::size_t begin = 0;
    for (auto end = waiting.find('\n'); all_belong && end != std::string::npos; end = waiting.find('\n', begin)) {
      all_belong = belongs(std::string_view(waiting).substr(begin, end - begin), step, evaluated_step);
      if (all_belong) begin = end + 1;
    }
    size += begin;
    waiting.erase(0, begin);
  }
  if (bytes < 0) {
    throw std::system_error(errno, std::generic_category(), "cannot read " + path.string());
  }
  return size;
}

}  // namespace binade::host
