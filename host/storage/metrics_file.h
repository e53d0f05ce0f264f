// metrics.jsonl: all measurements of a run, one JSON object per line, in chronological order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/events/events.h"
#include "host/storage/metrics_line.h"

namespace binade::host {

// The fields of a line. Every line of a kind has all of its fields, in this order. Readers must ignore unknown fields,
// because later versions may add some.
//
//   a step (`"split": "train"`): one per optimizer step, skipped or not
//     step            integer   from 1
//     split           text      "train"
//     epoch           integer   from 0; as in summary.json
//     epoch_progress  number    0 to 1, inside this epoch
//     loss            number    unscaled mean over the step's targets
//     accuracy        number    0 to 1; null if the task has none
//     lr              number    learning rate of this step
//     grad_norm       number    unscaled, before clipping
//     clipped_norm    number    after clipping
//     loss_scale      number    used by this step
//     next_loss_scale number    used by the next step
//     growth_tracker  integer   steps without overflow since the scale last changed, after this step
//     skipped         boolean   the optimizer did not step
//     skip_cause      text      one of `skip_cause_names`; null for an applied step
//     skip_parameter  text      the first parameter whose gradient was not finite; null if there is none
//     skipped_steps   integer   so far, including this one
//     samples         integer   of this step
//     tokens          integer   of this step; 0 if the task has none
//     scalars         object    the model's own, by name; omitted if there are none
//     nonfinite       object    the measured values above that are not finite: "nan", "inf" or "-inf", by field or
//                               `scalars.NAME`; omitted if all are finite
//     seconds         number    of this step
//     phases          object    seconds of each phase of this step, by `phase_names`
//     time            number    Unix seconds, at the end of the step
//
//   a sample of the gradients (`"split": "gradients"`), after the line of the step that it belongs to
//     step, loss_scale: as above; the gradients are those of the scaled loss
//     groups          object    by part of the model:
//       elements        integer   number of elements in its gradients
//       zeros           integer   number of elements that are zero, or subnormal in fp32
//       underflow       number    fraction of the finite others below the compute precision's normal numbers
//       overflow        number    fraction of all elements that are inf or NaN
//       exponent        integer   of the first entry of `counts`; null if that is empty
//       counts          array     number of elements with each binary exponent, from the lowest to the highest
//
//   an evaluation (`"split": "validation"`)
//     step (steps done by then), split, loss, accuracy, samples, scalars, nonfinite, seconds, time: as above
//
// `seconds`, `phases` and `time` come last and are the only fields that differ between two runs with the same seed on
// the same machine. Numbers have the shortest form that parses to the same double. JSON has no NaN and no infinity:
// such a value is null, and `nonfinite` states which it is; a value that was not measured is null, too. metrics_value()
// distinguishes them.
//
// Lines are buffered and written about once a second, and whenever the run changes its state. Nothing is allocated
// after run_started(). Must be used from one thread only.
class MetricsFile : public RunListener {
 public:
  // Creates the file, which must not exist. Throws std::system_error that names it.
  explicit MetricsFile(std::filesystem::path path);
  // Continues an existing file after truncating it to a checkpoint: removes lines of later steps, evaluations after
  // `evaluated_step`, and an incomplete last line. Throws std::system_error that names it.
  struct Continued {
    std::uint64_t step = 0, evaluated_step = 0;
    double seconds = 0;  // of training before the checkpoint
  };
  MetricsFile(std::filesystem::path path, const Continued& from);
  ~MetricsFile() override;  // writes the remaining lines
  MetricsFile(const MetricsFile&) = delete;
  MetricsFile& operator=(const MetricsFile&) = delete;

  void run_started(const RunStarted& run) noexcept override;
  void state_changed(RunState state) noexcept override;
  void step(const StepRecord& record) noexcept override;
  void gradients_sampled(const GradientSample& sample) noexcept override;
  void evaluated(const EvaluationRecord& record) noexcept override;
  void checkpoint_begins() noexcept override;
  void run_ended(const RunEnded& end) noexcept override;  // also syncs the file

  // Callbacks on the thread of the functions above. `tell` reports once that writing fails, that lines are lost, and
  // that writing works again (`level`: BINADE_LOG_*). `lost` is called for each lost line. Both may be empty; their
  // exceptions are ignored.
  struct Trouble {
    std::function<void(int level, const std::string& text)> tell;
    std::function<void()> lost;
  };
  void on_trouble(Trouble trouble) { trouble_ = std::move(trouble); }

  // True if a write has failed (disk full). The run continues, and each later write continues where the failed one
  // stopped. About a thousand lines are kept for that; further ones are lost as a whole and counted.
  bool failed() const { return error_ != 0; }
  std::string reason() const;  // of the last failure, with the file's name; empty if there was none
  std::uint64_t lost_lines() const { return lost_lines_; }

  // A warning about a continued file: lines that the run did not write, missing steps. Empty if there are none.
  const std::string& warning() const { return warning_; }

 private:
  bool begin_line(std::size_t extra_bytes);
  void end_line(double time, double seconds);
  void skip(const StepRecord& record);
  void group(const std::string& key, const ExponentCounts& counts, int smallest_exponent);
  void scalars(const std::array<double, max_scalars>& values, std::uint32_t count);
  void flush();
  void tell(int level, const char* format);  // may contain {path} and {reason}

  std::filesystem::path path_;
  std::string warning_;
  int file_ = -1;
  int error_ = 0;              // errno of the last failure
  bool failing_ = false;       // the last write failed
  bool told_of_lost_ = false;  // since writing began to fail
  std::uint64_t lost_lines_ = 0;
  Trouble trouble_;
  std::string buffer_;  // complete lines; while writing fails, perhaps preceded by the rest of one
  MetricsLine line_{buffer_};
  std::vector<std::string> scalar_keys_;  // `"name":`, escaped
  std::vector<std::string> group_keys_;
  std::vector<std::string> parameter_names_;  // `"name"`, escaped
  std::size_t longest_name_ = 0;              // of parameter_names_
  std::size_t scalar_bytes_ = 0;              // maximum size of all scalars in a line
  double flushed_at_ = 0;                     // Unix, seconds
};

}  // namespace binade::host
