// metrics.jsonl: everything that was measured in a run, one JSON object per line, in the order in which it happened.
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

// The fields of a line. Each line of its kind has all of them, in this order; readers ignore fields that they do not
// know, later versions add some.
//
//   a step (`"split": "train"`): one per optimizer step, skipped or not
//     step            integer   from 1
//     split           text      "train"
//     epoch           integer   from 0; as in summary.json
//     epoch_progress  number    0 to 1, inside this epoch
//     loss            number    unscaled mean over the step's targets
//     accuracy        number    0 to 1; null where the task has none
//     lr              number    learning rate of this step
//     grad_norm       number    unscaled, before clipping
//     clipped_norm    number    after clipping
//     loss_scale      number    used by this step
//     next_loss_scale number    after it
//     growth_tracker  integer   steps without overflow since the scale last changed, after this step
//     skipped         boolean   the optimizer did not step
//     skip_cause      text      why, by the names of `skip_cause_names`; null for an applied step
//     skip_parameter  text      whose gradient was the first that was not finite; null where none is to blame
//     skipped_steps   integer   so far, this one included
//     samples         integer   of this step
//     tokens          integer   of this step; 0 where the task has none
//     scalars         object    the model's own, by name; left out where the model names none
//     nonfinite       object    which of the numbers above were measured and are not finite: "nan", "inf" or "-inf" by
//                               field, or by `scalars.NAME`; left out where all are finite
//     seconds         number    of this step
//     phases          object    seconds of each phase of this step, by the names of `phase_names`
//     time            number    Unix seconds, at the end of the step
//
//   a sample of the gradients (`"split": "gradients"`), after the line of the step that they belong to
//     step, loss_scale: as above; the gradients are those of the scaled loss
//     groups          object    by part of the model:
//       elements        integer   in all its gradients
//       zeros           integer   of them zero, or subnormal in fp32
//       underflow       number    share of the others below the compute precision's normal numbers
//       overflow        number    share of all that is inf or NaN
//       exponent        integer   of the first number of `counts`; null without any
//       counts          array     how many there are with each binary exponent, from the lowest to the highest
//
//   an evaluation (`"split": "validation"`)
//     step (steps done by then), split, loss, accuracy, samples, scalars, nonfinite, seconds, time: as above
//
// `seconds`, `phases` and `time` stand last and are the only ones that differ between two runs of one seed on one
// machine. Numbers are the shortest that read back as the same double. JSON has no NaN and no infinity: a number that
// is not finite is null, and `nonfinite` says which; one that was not measured is null, too. metrics_value() reads
// both.
//
// Lines are collected and written about once a second, and whenever the run changes its state. Nothing is allocated
// after run_started(). All calls come from one thread.
class MetricsFile : public RunListener {
 public:
  // Creates the file, which must not exist. Throws std::system_error naming it.
  explicit MetricsFile(std::filesystem::path path);
  // Continues a file that is there, cut back to what was known at a checkpoint: lines of later steps go, and so do an
  // evaluation after `evaluated_step` and a last line that is not whole. Throws std::system_error naming it.
  struct Continued {
    std::uint64_t step = 0, evaluated_step = 0;
    double seconds = 0;  // of training until then
  };
  MetricsFile(std::filesystem::path path, const Continued& from);
  ~MetricsFile() override;  // writes what is left
  MetricsFile(const MetricsFile&) = delete;
  MetricsFile& operator=(const MetricsFile&) = delete;

  void run_started(const RunStarted& run) noexcept override;
  void state_changed(RunState state) noexcept override;
  void step(const StepRecord& record) noexcept override;
  void gradients_sampled(const GradientSample& sample) noexcept override;
  void evaluated(const EvaluationRecord& record) noexcept override;
  void checkpoint_begins() noexcept override;
  void run_ended(const RunEnded& end) noexcept override;  // also syncs the file

  // Who hears, on the thread of the calls above, that writing fails, that lines are lost, and that it works again: each
  // said once (`level`: BINADE_LOG_*). `lost` is called for each lost line. Both may be empty; what they throw is
  // dropped.
  struct Trouble {
    std::function<void(int level, const std::string& text)> tell;
    std::function<void()> lost;
  };
  void on_trouble(Trouble trouble) { trouble_ = std::move(trouble); }

  // A write failed (disk full). The run goes on, and each later write tries again from where this one stopped: up to
  // a thousand and some lines are kept for that, what does not fit is lost whole and counted.
  bool failed() const { return error_ != 0; }
  std::string reason() const;  // of the last failure, naming the file; empty without one
  std::uint64_t lost_lines() const { return lost_lines_; }

  // What is wrong with a file that is continued, for people: lines that the run did not write, steps that are missing.
  // Empty where all is well.
  const std::string& warning() const { return warning_; }

 private:
  bool begin_line(std::size_t extra_bytes);
  void end_line(double time, double seconds);
  void skip(const StepRecord& record);
  void group(const std::string& key, const ExponentCounts& counts, int smallest_exponent);
  void scalars(const std::array<double, max_scalars>& values, std::uint32_t count);
  void flush();
  void tell(int level, const char* format);  // with places for {path} and {reason}

  std::filesystem::path path_;
  std::string warning_;
  int file_ = -1;
  int error_ = 0;              // errno of the last failure
  bool failing_ = false;       // the last write failed
  bool told_of_lost_ = false;  // since then
  std::uint64_t lost_lines_ = 0;
  Trouble trouble_;
  std::string buffer_;  // whole lines, and while writing fails perhaps the rest of one in front
  MetricsLine line_{buffer_};
  std::vector<std::string> scalar_keys_;  // `"name":`, escaped
  std::vector<std::string> group_keys_;
  std::vector<std::string> parameter_names_;  // `"name"`, escaped
  std::size_t longest_name_ = 0;              // of them
  std::size_t scalar_bytes_ = 0;              // at most, of all of them in a line
  double flushed_at_ = 0;                     // Unix, seconds
};

}  // namespace binade::host
