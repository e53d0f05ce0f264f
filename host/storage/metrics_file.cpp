// Formats records into one reserved buffer and writes it in large pieces.
#include "host/storage/metrics_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "host/storage/atomic_file.h"
#include "host/storage/metrics_until.h"

namespace binade::host {
namespace {

constexpr std::size_t capacity = std::size_t{1} << 20;     // kept while writing fails
constexpr std::size_t write_above = std::size_t{1} << 16;  // bytes
constexpr std::size_t number_bytes = 32;                   // the longest shortest double has 24
constexpr std::size_t line_bytes = 2048;                   // of all fixed fields: 30 of them, with their names
constexpr double flush_seconds = 1;

// Fixed notation where people write numbers so, 0.0003 and not 3e-04.
std::to_chars_result shortest(char* first, char* last, double value) {
  const double magnitude = std::abs(value);
  if (value == 0 || (magnitude >= 1e-5 && magnitude < 1e15)) {
    return std::to_chars(first, last, value, std::chars_format::fixed);
  }
  return std::to_chars(first, last, value);
}

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string key_of(const std::string& name) { return quoted(name) + ":"; }

// Of a part of the model, without its name: six fixed fields, and at most 254 counts.
constexpr std::size_t group_bytes = 6 * 64 + 254 * 21;

}  // namespace

MetricsFile::MetricsFile(std::filesystem::path path) : path_(std::move(path)) {
  buffer_.reserve(capacity);
  file_ = uninterrupted([&] { return open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666); });
  if (file_ < 0) throw std::system_error(errno, std::generic_category(), "cannot create " + path_.string());
}

MetricsFile::MetricsFile(std::filesystem::path path, const Continued& from) : path_(std::move(path)) {
  buffer_.reserve(capacity);
  const auto fail = [&](const char* what, int error) {
    throw std::system_error(error, std::generic_category(), std::string("cannot ") + what + " " + path_.string());
  };
  const auto size = static_cast<off_t>(metrics_until(path_, from.step, from.evaluated_step));
  file_ = uninterrupted([&] { return open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666); });
  if (file_ < 0) fail("open", errno);
  if (uninterrupted([&] { return ftruncate(file_, size); }) == 0 && sync_file(file_) == 0) return;
  const int error = errno;
  close(file_);
  fail("cut back", error);
}

MetricsFile::~MetricsFile() {
  flush();
  close(file_);
}

void MetricsFile::run_started(const RunStarted& run) noexcept {
  scalar_keys_.clear();
  scalar_bytes_ = 0;
  for (const auto& name : run.scalar_names) {
    scalar_keys_.push_back(key_of(name));
    scalar_bytes_ += scalar_keys_.back().size() + number_bytes;
  }
  group_keys_.clear();
  for (const auto& name : run.gradient_groups) group_keys_.push_back(key_of(name));
  parameter_names_.clear();
  longest_name_ = 0;
  for (const auto& name : run.parameter_names) {
    parameter_names_.push_back(quoted(name));
    longest_name_ = std::max(longest_name_, parameter_names_.back().size());
  }
}

void MetricsFile::state_changed(RunState) noexcept { flush(); }

void MetricsFile::step(const StepRecord& record) noexcept {
  if (!begin_line(longest_name_)) return;
  integer("{\"step\":", record.step);
  text(",\"split\":\"train\"");
  integer(",\"epoch\":", record.epoch);
  number(",\"epoch_progress\":", record.epoch_progress);
  number(",\"loss\":", record.loss);
  number(",\"accuracy\":", record.accuracy);
  number(",\"lr\":", record.learning_rate);
  number(",\"grad_norm\":", record.gradient_norm);
  number(",\"clipped_norm\":", record.clipped_norm);
  number(",\"loss_scale\":", record.loss_scale);
  number(",\"next_loss_scale\":", record.next_loss_scale);
  integer(",\"growth_tracker\":", record.growth_tracker);
  skip(record);
  integer(",\"skipped_steps\":", record.skipped_steps);
  integer(",\"samples\":", record.samples);
  integer(",\"tokens\":", record.tokens);
  scalars(record.scalars, record.scalar_count);
  number(",\"seconds\":", record.seconds);
  text(",\"phases\":{");
  for (std::size_t phase = 0; phase < phase_count; ++phase) {
    text(phase == 0 ? "\"" : ",\"");
    text(phase_names[phase]);
    number("\":", record.phase_seconds[phase]);
  }
  text("}");
  end_line(record.time, record.seconds);
}

void MetricsFile::skip(const StepRecord& record) {
  if (!record.skipped) return text(",\"skipped\":false,\"skip_cause\":null,\"skip_parameter\":null");
  text(",\"skipped\":true,\"skip_cause\":\"");
  text(skip_cause_names[static_cast<std::size_t>(record.skip_cause)]);
  text("\",\"skip_parameter\":");
  const auto first = static_cast<std::size_t>(record.nonfinite.first);
  text(record.nonfinite.first >= 0 && first < parameter_names_.size() ? parameter_names_[first] : "null");
}

void MetricsFile::gradients_sampled(const GradientSample& sample) noexcept {
  const auto groups = std::min(sample.groups.size(), group_keys_.size());
  std::size_t bytes = groups * group_bytes;
  for (const auto& key : group_keys_) bytes += key.size();
  if (!begin_line(bytes)) return;
  integer("{\"step\":", sample.step);
  text(",\"split\":\"gradients\"");
  number(",\"loss_scale\":", sample.loss_scale);
  text(",\"groups\":{");
  for (std::size_t i = 0; i < groups; ++i) {
    if (i != 0) text(",");
    group(group_keys_[i], sample.groups[i], sample.smallest_exponent);
  }
  text("}");
  end_line(sample.time, 0);
}

void MetricsFile::group(const std::string& key, const ExponentCounts& counts, int smallest_exponent) {
  const auto is_there = [](std::uint64_t count) { return count != 0; };
  const auto first = std::find_if(counts.begin() + 1, counts.end() - 1, is_there);
  const auto last = std::find_if(counts.rbegin() + 1, counts.rend() - 1, is_there).base();
  text(key);
  integer("{\"elements\":", elements(counts));
  integer(",\"zeros\":", counts.front());
  number(",\"underflow\":", underflow_ratio(counts, smallest_exponent));
  number(",\"overflow\":", overflow_ratio(counts));
  number(",\"exponent\":", first < last ? static_cast<double>(first - counts.begin() - exponent_bias) : nan);
  text(",\"counts\":[");
  for (auto count = first; count < last; ++count) integer(count == first ? "" : ",", *count);
  text("]}");
}

void MetricsFile::evaluated(const EvaluationRecord& record) noexcept {
  if (!begin_line(record.split.size())) return;
  integer("{\"step\":", record.step);
  text(",\"split\":\"");
  text(record.split);
  number("\",\"loss\":", record.loss);
  number(",\"accuracy\":", record.accuracy);
  integer(",\"samples\":", record.samples);
  scalars(record.scalars, record.scalar_count);
  number(",\"seconds\":", record.seconds);
  end_line(record.time, record.seconds);
  flush();
}

void MetricsFile::checkpoint_begins() noexcept { flush(); }

void MetricsFile::run_ended(const RunEnded&) noexcept {
  flush();
  if (sync_file(file_) != 0) error_ = errno;
}

std::string MetricsFile::reason() const {
  if (!failed()) return {};
  return "cannot write " + path_.string() + ": " + std::generic_category().message(error_);
}

bool MetricsFile::begin_line(std::size_t extra_bytes) {
  const auto fits = [&] { return buffer_.size() + line_bytes + scalar_bytes_ + extra_bytes <= buffer_.capacity(); };
  if (!fits()) flush();
  if (fits()) return true;
  ++lost_lines_;
  return false;
}

void MetricsFile::end_line(double time, double seconds) {
  number(",\"time\":", time);
  text("}\n");
  // The next line comes about as much later as this step took. A clock set back must not hold lines up either.
  const double waited = time - flushed_at_;
  if (waited < 0 || waited + seconds >= flush_seconds || buffer_.size() >= write_above) {
    flush();
    flushed_at_ = time;
  }
}

void MetricsFile::number(std::string_view key, double value) {
  text(key);
  if (!std::isfinite(value)) return text("null");
  std::array<char, number_bytes> digits{};
  const auto [end, error] = shortest(digits.data(), digits.data() + digits.size(), value);
  text({digits.data(), end});
}

void MetricsFile::integer(std::string_view key, std::uint64_t value) {
  text(key);
  std::array<char, number_bytes> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  text({digits.data(), end});
}

void MetricsFile::scalars(const std::array<double, max_scalars>& values, std::uint32_t count) {
  const auto named = std::min<std::size_t>({count, scalar_keys_.size(), values.size()});
  if (named == 0) return;
  text(",\"scalars\":{");
  for (std::size_t i = 0; i < named; ++i) {
    if (i != 0) text(",");
    number(scalar_keys_[i], values[i]);
  }
  text("}");
}

// What is written leaves the buffer, so that after a failure the next try goes on in the middle of a line if need be.
void MetricsFile::flush() {
  if (buffer_.empty()) return;
  const auto written = write_all(file_, buffer_.data(), buffer_.size());
  if (written < buffer_.size()) error_ = errno;
  buffer_.erase(0, written);
}

}  // namespace binade::host
