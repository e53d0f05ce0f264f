// What a logger must stand.
#include <limits>

#include "binade/abi/logger.h"
#include "host/conformance/subject.h"
#include "host/storage/scratch_folder.h"

namespace binade::host {
namespace {

class Told {
 public:
  Told(const Subject& subject, const Plugin& plugin)
      : table_(plugin.table<binade_logger_table>()), object_(plugin, subject.options) {
    if (table_.write == nullptr) throw Violation("its table lacks write");
  }
  template <class Event>
  void tell(std::uint32_t type, Event event) const {
    event.event = {sizeof(Event), type, 1.5e9};
    must_succeed("write", [&](binade_error* error) { return table_.write(object_.self(), &event.event, error); });
  }
  void flush() const {
    if (table_.flush == nullptr) return;
    must_succeed("flush", [&](binade_error* error) { return table_.flush(object_.self(), error); });
  }

 private:
  binade_logger_table table_;
  Object object_;
};

binade_string text(std::string_view words) { return {words.data(), words.size()}; }

binade_run_start_event start(const ScratchFolder& folder) {
  binade_run_start_event event{};
  event.run_id = text("20260101T000000Z-00000000");
  event.name = text("validate");
  event.directory = text(folder.path().native());
  event.device = text("cpu");
  event.precision = text("fp32");
  event.parameters = 1000;
  event.target_steps = 3;
  event.train_samples = 100;
  return event;
}

binade_step_event step(std::uint64_t number, double loss) {
  binade_step_event event{};
  event.step = number;
  event.loss = loss;
  event.accuracy = std::numeric_limits<double>::quiet_NaN();
  event.learning_rate = 1e-3;
  event.loss_scale = 1;
  event.seconds = 0.01;
  event.samples = 32;
  return event;
}

// `scalars`: of the model's own loss, in steps and evaluations.
void tell_a_run(const Told& told, const ScratchFolder& folder, const std::vector<binade_scalar>& scalars) {
  told.tell(BINADE_EVENT_RUN_START, start(folder));
  for (std::uint64_t number = 1; number <= 3; ++number) {
    auto event = step(number, 0.5);
    event.scalars = scalars.data();
    event.scalar_count = scalars.size();
    told.tell(BINADE_EVENT_STEP, event);
  }
  binade_evaluation_event evaluation{};
  evaluation.scalars = scalars.data();
  evaluation.scalar_count = scalars.size();
  evaluation.step = 3;
  evaluation.split = text("validation");
  told.tell(BINADE_EVENT_EVALUATION, evaluation);
  binade_message_event message{};
  message.level = BINADE_LOG_WARNING;
  message.text = text("a line");
  told.tell(BINADE_EVENT_MESSAGE, message);
  binade_run_end_event end{};
  end.state = text("finished");
  end.steps = 3;
  told.tell(BINADE_EVENT_RUN_END, end);
  told.flush();
}

void takes_every_event(const Subject& subject) {
  const auto plugin = open(subject);
  const ScratchFolder folder("validate");
  tell_a_run(Told(subject, plugin), folder, {{text("kl"), 0.25}, {text("reconstruction"), 0.5}});
}

void passes_over_unknown_events(const Subject& subject) {
  const auto plugin = open(subject);
  const ScratchFolder folder("validate");
  const Told told(subject, plugin);
  told.tell(BINADE_EVENT_RUN_START, start(folder));
  struct Unknown {
    binade_event event;
  };
  for (const std::uint32_t type : {0u, 6u, 99u, 0xFFFFFFFFu}) told.tell(type, Unknown{});
}

void takes_extreme_numbers(const Subject& subject) {
  using limits = std::numeric_limits<double>;
  const auto plugin = open(subject);
  const ScratchFolder folder("validate");
  const Told told(subject, plugin);
  told.tell(BINADE_EVENT_RUN_START, start(folder));
  for (const double loss : {limits::quiet_NaN(), limits::infinity(), -limits::infinity(), limits::max(), 0.0}) {
    auto event = step(~std::uint64_t{0}, loss);
    event.gradient_norm = loss;
    event.skipped = 1;
    event.skip_cause = text("overflow");
    told.tell(BINADE_EVENT_STEP, event);
  }
  const std::string long_text(100'000, '%');
  binade_message_event message{};
  message.text = text(long_text);
  told.tell(BINADE_EVENT_MESSAGE, message);
  told.flush();
}

void use(const Subject& subject, const Plugin& plugin) {
  const ScratchFolder folder("validate");
  tell_a_run(Told(subject, plugin), folder, {});
}

}  // namespace

std::vector<Check> logger_checks() {
  return with_checks_of_use({{"events", takes_every_event},
                             {"unknown_events", passes_over_unknown_events},
                             {"extreme_numbers", takes_extreme_numbers}},
                            use);
}

}  // namespace binade::host
