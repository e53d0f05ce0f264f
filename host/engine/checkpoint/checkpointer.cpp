#include "host/engine/checkpoint/checkpointer.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "binade/abi/plugin.h"
#include "host/base/atomic_file.h"
#include "host/base/clock.h"
#include "host/base/error_text.h"
#include "host/base/file_error.h"
#include "host/base/regular_file.h"
#include "host/engine/checkpoint/snapshot.h"
#include "host/storage/run_directory.h"

namespace binade::host {
namespace {

using Clock = std::chrono::steady_clock;

void sync_metrics(const std::filesystem::path& path) {
  if (path.empty()) return;
  const auto file = open_to_read(path);
  if (!file.descriptor) return;  // a run may be configured not to write it
  if (sync_file(file.descriptor.number()) != 0) throw_file_error("sync", path);
}

}  // namespace

Checkpointer::Checkpointer(CheckpointPlan plan, RunListener& listener, std::uint64_t written)
    : plan_(std::move(plan)),
      listener_(listener),
      folder_(plan_.folder, plan_.keep, plan_.keep_best),
      saved_step_(written) {}

Checkpointer::~Checkpointer() {
  if (writing_.valid()) writing_.wait();
}

void Checkpointer::poll() {
  if (writing_.valid() && writing_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) tell(writing_.get());
}

bool Checkpointer::due(std::uint64_t step) {
  const bool by_steps = plan_.every_steps != 0 && step % plan_.every_steps == 0;
  const bool by_time = plan_.every_seconds > 0 && seconds_since(taken_at_) >= plan_.every_seconds;
  asked_ = asked_ || by_steps || by_time;
  poll();
  return asked_ && !writing_.valid();
}

void Checkpointer::save(std::uint64_t step, std::optional<double> validation_loss,
                        const std::function<void(Snapshot&)>& take) {
  asked_ = false;
  const auto start = Clock::now();
  if (writing_.valid()) tell(writing_.get());
  if (step == saved_step_) return;
  taken_at_ = Clock::now();
  CheckpointRecord record;
  record.step = step;
  try {
    auto snapshot = std::make_shared<Snapshot>();
    take(*snapshot);
    listener_.checkpoint_begins();
    record.stall_seconds = seconds_since(start);
    writing_ = std::async(std::launch::async, [this, snapshot, record, validation_loss] {
      return write(*snapshot, record, validation_loss);
    });
  } catch (const std::exception& error) {  // no memory for a second copy, or no thread: training continues without
    record.stall_seconds = seconds_since(start);
    record.time = unix_time();
    tell({record, error_text(error), {}, Clock::now()});
  }
}

bool Checkpointer::finish(std::uint64_t step) {
  if (writing_.valid()) tell(writing_.get());
  return saved_step_ == step;
}

// On the writing thread.
Checkpointer::Outcome Checkpointer::write(const Snapshot& snapshot, CheckpointRecord record,
                                          std::optional<double> validation_loss) {
  const auto start = Clock::now();
  Outcome outcome{record, {}, {}, {}};
  try {
    sync_metrics(plan_.metrics);
    auto content = snapshot.content(record.step);
    content.validation_loss = validation_loss;
    auto written = folder_.write(content);
    outcome.record.saved = true;
    outcome.record.bytes = written.bytes;
    outcome.warnings = std::move(written.warnings);
  } catch (const std::exception& error) {
    outcome.error = error_text(error);
  }
  outcome.record.write_seconds = seconds_since(start);
  outcome.record.time = unix_time();
  outcome.ended = Clock::now();
  return outcome;
}

// Warns once of a disk that stays full; each failure is counted.
void Checkpointer::tell(Outcome outcome) {
  auto& record = outcome.record;
  if (!record.saved) require_run_folder(plan_.folder.parent_path());
  if (record.saved) {
    // By the steady clock: the other one may have been set back.
    if (saved_at_) record.interval_seconds = std::chrono::duration<double>(outcome.ended - *saved_at_).count();
    saved_at_ = outcome.ended;
    saved_step_ = record.step;
    if (last_failed_) {
      listener_.message(BINADE_LOG_INFO, fmt::format("checkpoints are written again, at step {}", record.step));
    }
  } else if (!last_failed_) {
    listener_.message(
        BINADE_LOG_WARNING,
        fmt::format("no checkpoint of step {}: {}; training continues and will retry when the next one is due",
                    record.step, outcome.error));
  }
  last_failed_ = !record.saved;
  for (const auto& warning : outcome.warnings) listener_.message(BINADE_LOG_WARNING, warning);
  listener_.checkpoint_ended(record);
}

}  // namespace binade::host
