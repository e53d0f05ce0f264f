// Reads the file at evenly spaced positions.
#include "host/telemetry/run_history.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "host/base/clock.h"
#include "host/base/file_stream.h"

namespace binade::host {
namespace {

constexpr std::size_t longest_line = 4096;

class File {
 public:
  explicit File(const std::filesystem::path& path) : path_(path), file_(open_to_read(path)) {
    if (!file_.descriptor && file_.error != ENOENT) throw std::runtime_error(path.string() + ": " + file_.reason);
  }

  std::size_t size() const {
    struct stat status {};
    if (!file_.descriptor) return 0;
    if (fstat(file_.descriptor.number(), &status) != 0) fail();
    return static_cast<std::size_t>(status.st_size);
  }

  std::string_view read(std::size_t offset, std::array<char, 2 * longest_line>& buffer) const {
    const auto got = pread(file_.descriptor.number(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (got < 0) fail();
    return {buffer.data(), static_cast<std::size_t>(got)};
  }

 private:
  [[noreturn]] void fail() const { throw std::system_error(errno, std::generic_category(), path_.string()); }

  std::filesystem::path path_;
  OpenedFile file_;
};

struct Line {
  std::size_t start = 0;
  std::string_view text;  // empty if there is none
};

// Returns the first complete line at or after `offset` that belongs to a step.
Line next_step(std::string_view text, std::size_t offset, bool at_line_start) {
  std::size_t begin = at_line_start ? 0 : text.find('\n') + 1;
  if (!at_line_start && begin == 0) return {};
  for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string_view::npos; begin = end + 1) {
    const auto line = text.substr(begin, end - begin);
    if (line.find("\"split\":\"train\"") != std::string_view::npos) return {offset + begin, line};
  }
  return {};
}

Line last_step(std::string_view text, std::size_t offset) {
  Line last;
  for (Line line = next_step(text, offset, offset == 0); !line.text.empty();) {
    last = line;
    const auto after = line.start - offset + line.text.size() + 1;
    line = next_step(text.substr(after), offset + after, true);
  }
  return last;
}

std::string steps_json(const File& file, std::size_t size, std::size_t points) {
  std::string json;
  std::array<char, 2 * longest_line> buffer{};
  std::size_t next = 0;  // lines that begin before this have been taken
  const auto take = [&](const Line& line) {
    if (line.text.empty() || line.start < next) return;
    json += json.empty() ? "" : ",\n";
    json += line.text;
    next = line.start + 1;
  };
  const auto others = points - std::min<std::size_t>(points, 1);  // points other than the last step
  for (std::size_t i = 0; i < others; ++i) {
    const auto offset = size / others * i + size % others * i / others;
    if (offset < size && (offset >= next || i == 0)) take(next_step(file.read(offset, buffer), offset, offset == 0));
  }
  const auto tail = size - std::min(size, buffer.size());
  if (size > 0) take(last_step(file.read(tail, buffer), tail));
  return json;
}

// The text after `"key":` in a line of metrics.jsonl.
std::string_view value_of(std::string_view line, std::string_view key) {
  const auto found = line.find(fmt::format("\"{}\":", key));
  return found == std::string_view::npos ? std::string_view() : line.substr(found + key.size() + 3);
}

double number_of(std::string_view line, std::string_view key) {
  const std::string value(value_of(line, key).substr(0, 32));
  char* end = nullptr;
  const double number = std::strtod(value.c_str(), &end);
  if (end != value.c_str()) return number;
  const auto nonfinite = line.find("\"nonfinite\":{");  // null: look up which non-finite value it is
  const auto which = nonfinite == std::string_view::npos ? "" : value_of(line.substr(nonfinite), key);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return which.starts_with("\"inf\"") ? infinity : which.starts_with("\"-inf\"") ? -infinity : nan;
}

std::string number(double value) { return std::isfinite(value) ? fmt::format("{}", value) : "null"; }

}  // namespace

RunHistory::RunHistory(std::filesystem::path metrics_file, std::string run_id)
    : metrics_file_(std::move(metrics_file)), run_id_(std::move(run_id)) {}

void RunHistory::learn_earlier() noexcept {
  try {
    FileStream file(metrics_file_);
    for (std::string line; std::getline(file, line);) {
      if (!value_of(line, "split").starts_with("\"validation\"")) continue;
      EvaluationRecord record;
      record.split = "validation";
      record.step = static_cast<std::uint64_t>(number_of(line, "step"));
      record.loss = number_of(line, "loss");
      record.accuracy = number_of(line, "accuracy");
      evaluated(record);
    }
  } catch (const std::exception&) {  // the page lacks some points
    return;
  }
}

void RunHistory::evaluated(const EvaluationRecord& record) noexcept {
  try {
    const std::lock_guard lock(evaluating_);
    if (evaluations_.size() == max_evaluations) {
      std::size_t kept = 0;
      for (std::size_t i = 0; i < evaluations_.size(); i += 2) std::swap(evaluations_[kept++], evaluations_[i]);
      evaluations_.resize(kept);
    }
    evaluations_.push_back({record.step, record.split, record.loss, record.accuracy});
  } catch (const std::exception&) {  // out of memory: the page lacks a point
    return;
  }
}

std::string RunHistory::json(std::size_t points) const {
  const File file(metrics_file_);
  const auto size = file.size();
  std::string evaluations;
  {
    const std::lock_guard lock(evaluating_);
    for (const auto& one : evaluations_) {
      evaluations +=
          fmt::format(R"({}{{"step":{},"split":"{}","loss":{},"accuracy":{}}})", evaluations.empty() ? "" : ",",
                      one.step, one.split, number(one.loss), number(one.accuracy));
    }
  }
  return fmt::format("{{\"run_id\":\"{}\",\"now\":{:.3f},\"bytes\":{},\"evaluations\":[{}],\n\"steps\":[{}]}}\n",
                     run_id_, unix_time(), size, evaluations, steps_json(file, size, points));
}

}  // namespace binade::host
