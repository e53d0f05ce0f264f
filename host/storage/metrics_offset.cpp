#include "host/storage/metrics_offset.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "host/base/file_error.h"
#include "host/base/regular_file.h"
#include "host/base/system_call.h"

namespace binade::host {
namespace {

using Json = nlohmann::json;

enum class Line { trained, beside, later, foreign };  // beside: a gradient sample or an evaluation

// Classifies a line as MetricsFile writes it: {"step":12,"split":"train",...
Line kind_of(std::string_view line, std::uint64_t step, std::uint64_t evaluated_step) {
  constexpr std::string_view begin = "{\"step\":", split = ",\"split\":\"";
  if (!line.starts_with(begin) || !line.ends_with('}')) return Line::foreign;
  line.remove_prefix(begin.size());
  std::uint64_t told = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), told);
  if (error != std::errc{}) return Line::foreign;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  if (!line.starts_with(split)) return Line::foreign;
  line.remove_prefix(split.size());
  const bool trained = line.starts_with("train\"");
  const bool by_step = trained || line.starts_with("gradients\"");
  if (told > (by_step ? step : evaluated_step)) return Line::later;
  return trained ? Line::trained : Line::beside;
}

// Processes the file line by line.
class Search {
 public:
  Search(std::uint64_t step, std::uint64_t evaluated_step) : step_(step), evaluated_step_(evaluated_step) {}

  void take(std::string_view line) {
    constexpr std::size_t shown = 60;
    ++number_;
    bytes_ += line.size() + 1;
    const auto kind = kind_of(line, step_, evaluated_step_);
    later_ = later_ || kind == Line::later;
    if (kind == Line::foreign && ++found_.foreign_lines == 1) {
      found_.first_foreign_line = number_;
      found_.first_foreign_text = line.substr(0, shown);
    }
    if (kind == Line::foreign || later_) return;
    trained_ += kind == Line::trained ? 1 : 0;
    found_.bytes = bytes_;
  }

  MetricsUntil found() const {
    auto found = found_;
    found.missing_steps = step_ - std::min(step_, trained_);
    return found;
  }

 private:
  std::uint64_t step_, evaluated_step_;
  std::uint64_t number_ = 0, bytes_ = 0, trained_ = 0;
  bool later_ = false;
  MetricsUntil found_;
};

}  // namespace

MetricsUntil metrics_offset_at(const std::filesystem::path& path, std::uint64_t step, std::uint64_t evaluated_step) {
  Search search(step, evaluated_step);
  if (open_to_read(path).error == ENOENT) return search.found();
  const auto file = require_to_read(path);
  std::string waiting;  // read, but not a complete line yet
  std::vector<char> block(std::size_t{1} << 18);
  ssize_t bytes = 0;
  while ((bytes = uninterrupted([&] { return ::read(file.descriptor.number(), block.data(), block.size()); })) > 0) {
    waiting.append(block.data(), static_cast<std::size_t>(bytes));
    std::size_t begin = 0;
    for (auto end = waiting.find('\n'); end != std::string::npos; end = waiting.find('\n', begin)) {
      search.take(std::string_view(waiting).substr(begin, end - begin));
      begin = end + 1;
    }
    waiting.erase(0, begin);
  }
  if (bytes < 0) throw_file_error("read", path);
  return search.found();
}

std::string warning_of(const MetricsUntil& found, const std::filesystem::path& path, std::uint64_t step) {
  std::string text;
  if (found.foreign_lines > 0) {
    // As JSON, which escapes control characters.
    const auto quoted = Json(found.first_foreign_text).dump(-1, ' ', true, Json::error_handler_t::replace);
    text = fmt::format(
        "{}:{}: this line was not written by the run{}: {}; such lines stay if they are among the run's own lines, and "
        "are removed if they come after step {}",
        path.string(), found.first_foreign_line,
        found.foreign_lines == 1 ? "" : fmt::format(", nor were {} others", found.foreign_lines - 1), quoted, step);
  }
  if (found.missing_steps > 0) {
    text += fmt::format("{}{} lacks {} of the {} steps before the checkpoint", text.empty() ? "" : "; ",
                        text.empty() ? path.string() : "the file", found.missing_steps, step);
  }
  return text;
}

}  // namespace binade::host
