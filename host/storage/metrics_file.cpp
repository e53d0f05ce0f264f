// Formats records into one preallocated buffer and writes it in large blocks.
#include "host/storage/metrics_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "binade/abi/plugin.h"
#include "host/base/atomic_file.h"
#include "host/base/file_error.h"
#include "host/base/regular_file.h"
#include "host/storage/metrics_offset.h"

namespace binade::host {
namespace {

constexpr std::size_t capacity = std::size_t{1} << 20;     // bytes that are kept while writing fails
constexpr std::size_t write_above = std::size_t{1} << 16;  // bytes
constexpr std::size_t line_bytes = 2560;                   // of all 30 fixed fields with their names
constexpr double flush_seconds = 1;

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string key_of(const std::string& name) { return quoted(name) + ":"; }

// Size of a gradient group without its name: six fixed fields and at most 254 counts.
constexpr std::size_t group_bytes = 6 * 64 + 254 * 21;

}  // namespace

MetricsFile::MetricsFile(std::filesystem::path path) : path_(std::move(path)) {
  buffer_.reserve(capacity);
  file_ = uninterrupted([&] { return open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666); });
  if (file_ < 0) throw_file_error("create", path_);
}

MetricsFile::MetricsFile(std::filesystem::path path, const Continued& from) : path_(std::move(path)) {
  buffer_.reserve(capacity);
  const auto fail = [&](const char* what, int error) {
    throw std::system_error(error, std::generic_category(), std::string("cannot ") + what + " " + path_.string());
  };
  const auto found = metrics_offset_at(path_, from.step, from.evaluated_step);
  warning_ = warning_of(found, path_, from.step);
  const auto size = static_cast<off_t>(found.bytes);
  file_ = require_to_write(path_, O_APPEND | O_CREAT).descriptor.release();
  if (uninterrupted([&] { return ftruncate(file_, size); }) == 0 && sync_file(file_) == 0) return;
  const int error = errno;
  close(file_);
  fail("truncate", error);
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
    scalar_bytes_ += 2 * scalar_keys_.back().size() + MetricsLine::number_bytes + MetricsLine::nonfinite_bytes;
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
  line_.integer("{\"step\":", record.step);
  line_.text(",\"split\":\"train\"");
  line_.integer(",\"epoch\":", record.epoch);
  line_.number(",\"epoch_progress\":", record.epoch_progress);
  line_.measured(",\"loss\":", record.loss);
  line_.number(",\"accuracy\":", record.accuracy);
  line_.measured(",\"lr\":", record.learning_rate);
  line_.measured(",\"grad_norm\":", record.gradient_norm);
  line_.measured(",\"clipped_norm\":", record.clipped_norm);
  line_.measured(",\"loss_scale\":", record.loss_scale);
  line_.measured(",\"next_loss_scale\":", record.next_loss_scale);
  line_.integer(",\"growth_tracker\":", record.growth_tracker);
  skip(record);
  line_.integer(",\"skipped_steps\":", record.skipped_steps);
  line_.integer(",\"samples\":", record.samples);
  line_.integer(",\"tokens\":", record.tokens);
  scalars(record.scalars, record.scalar_count);
  line_.nonfinite();
  line_.number(",\"seconds\":", record.seconds);
  line_.text(",\"phases\":{");
  for (std::size_t phase = 0; phase < phase_count; ++phase) {
    line_.text(phase == 0 ? "\"" : ",\"");
    line_.text(phase_names[phase]);
    line_.number("\":", record.phase_seconds[phase]);
  }
  line_.text("}");
  end_line(record.time, record.seconds);
}

void MetricsFile::skip(const StepRecord& record) {
  if (!record.skipped) return line_.text(",\"skipped\":false,\"skip_cause\":null,\"skip_parameter\":null");
  line_.text(",\"skipped\":true,\"skip_cause\":\"");
  line_.text(skip_cause_names[static_cast<std::size_t>(record.skip_cause)]);
  line_.text("\",\"skip_parameter\":");
  const auto first = static_cast<std::size_t>(record.nonfinite.first);
  line_.text(record.nonfinite.first >= 0 && first < parameter_names_.size() ? parameter_names_[first] : "null");
}

void MetricsFile::gradients_sampled(const GradientSample& sample) noexcept {
  const auto groups = std::min(sample.groups.size(), group_keys_.size());
  std::size_t bytes = groups * group_bytes;
  for (const auto& key : group_keys_) bytes += key.size();
  if (!begin_line(bytes)) return;
  line_.integer("{\"step\":", sample.step);
  line_.text(",\"split\":\"gradients\"");
  line_.number(",\"loss_scale\":", sample.loss_scale);
  line_.text(",\"groups\":{");
  for (std::size_t i = 0; i < groups; ++i) {
    if (i != 0) line_.text(",");
    group(group_keys_[i], sample.groups[i], sample.smallest_exponent);
  }
  line_.text("}");
  end_line(sample.time, 0);
}

void MetricsFile::group(const std::string& key, const ExponentCounts& counts, int smallest_exponent) {
  const auto is_there = [](std::uint64_t count) { return count != 0; };
  const auto first = std::find_if(counts.begin() + 1, counts.end() - 1, is_there);
  const auto last = std::find_if(counts.rbegin() + 1, counts.rend() - 1, is_there).base();
  line_.text(key);
  line_.integer("{\"elements\":", elements(counts));
  line_.integer(",\"zeros\":", counts.front());
  line_.number(",\"underflow\":", underflow_ratio(counts, smallest_exponent));
  line_.number(",\"overflow\":", overflow_ratio(counts));
  line_.number(",\"exponent\":", first < last ? static_cast<double>(first - counts.begin() - exponent_bias) : nan);
  line_.text(",\"counts\":[");
  for (auto count = first; count < last; ++count) line_.integer(count == first ? "" : ",", *count);
  line_.text("]}");
}

void MetricsFile::evaluated(const EvaluationRecord& record) noexcept {
  if (!begin_line(record.split.size())) return;
  line_.integer("{\"step\":", record.step);
  line_.text(",\"split\":\"");
  line_.text(record.split);
  line_.text("\"");
  line_.measured(",\"loss\":", record.loss);
  line_.number(",\"accuracy\":", record.accuracy);
  line_.integer(",\"samples\":", record.samples);
  scalars(record.scalars, record.scalar_count);
  line_.nonfinite();
  line_.number(",\"seconds\":", record.seconds);
  end_line(record.time, record.seconds);
  flush();
}

void MetricsFile::checkpoint_begins() noexcept { flush(); }

void MetricsFile::run_ended(const RunEnded&) noexcept {
  flush();
  if (sync_file(file_) == 0) return;
  error_ = errno;
  tell(BINADE_LOG_WARNING, "{reason}: its end may not survive a power failure");
}

std::string MetricsFile::reason() const {
  if (!failed()) return {};
  return "cannot write " + path_.string() + ": " + std::generic_category().message(error_);
}

bool MetricsFile::begin_line(std::size_t extra_bytes) {
  const auto fits = [&] { return buffer_.size() + line_bytes + scalar_bytes_ + extra_bytes <= buffer_.capacity(); };
  line_.begin();
  if (!fits()) flush();
  if (fits()) return true;
  ++lost_lines_;
  if (trouble_.lost) trouble_.lost();
  if (!std::exchange(told_of_lost_, true)) {
    tell(BINADE_LOG_WARNING, "{reason}: lines are being lost; binade_metrics_file_lost_lines_total counts them");
  }
  return false;
}

void MetricsFile::end_line(double time, double seconds) {
  line_.number(",\"time\":", time);
  line_.text("}\n");
  // The next line will come after about the duration of this step. A clock that is set back must not delay lines.
  const double waited = time - flushed_at_;
  if (waited < 0 || waited + seconds >= flush_seconds || buffer_.size() >= write_above) {
    flush();
    flushed_at_ = time;
  }
}

void MetricsFile::scalars(const std::array<double, max_scalars>& values, std::uint32_t count) {
  const auto named = std::min<std::size_t>({count, scalar_keys_.size(), values.size()});
  if (named == 0) return;
  line_.text(",\"scalars\":{");
  for (std::size_t i = 0; i < named; ++i) {
    if (i != 0) line_.text(",");
    line_.measured(scalar_keys_[i], values[i], /*scalar=*/true);
  }
  line_.text("}");
}

// Written bytes leave the buffer, so that after a failure the next attempt continues where this one stopped.
void MetricsFile::flush() {
  if (buffer_.empty()) return;
  const auto written = write_all(file_, buffer_.data(), buffer_.size());
  const bool failed = written < buffer_.size();
  if (failed) error_ = errno;
  buffer_.erase(0, written);
  if (failed == std::exchange(failing_, failed)) return;
  told_of_lost_ = false;
  if (failed) {
    tell(BINADE_LOG_WARNING,
         "{reason}; training continues, and about a thousand lines are kept in memory until writing succeeds again");
  } else {
    tell(BINADE_LOG_INFO, "{path} can be written again");
  }
}

void MetricsFile::tell(int level, const char* format) {
  if (!trouble_.tell) return;
  try {
    trouble_.tell(level,
                  fmt::format(fmt::runtime(format), fmt::arg("path", path_.string()), fmt::arg("reason", reason())));
  } catch (const std::exception&) {  // out of memory: the run continues without the message
    return;
  }
}

}  // namespace binade::host
