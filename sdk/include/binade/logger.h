// A logger in C++ (17 or later). Define any of these members to receive the events of that kind:
//
//     struct Print {
//       void run_start(const binade::RunStart& event);
//       void resumed(const binade::Resumed& event);
//       void step(const binade::Step& event) { std::printf("%llu %g\n", (unsigned long long)event.step, event.loss); }
//       void evaluation(const binade::Evaluation& event);
//       void message(const binade::Message& event);
//       void run_end(const binade::RunEnd& event);
//       void flush();
//     };
//     BINADE_LOGGER(Print)
//
// Threads: the constructor and destructor run on the main thread, all other members on the logger's own thread. It may
// be slow: events are queued, and dropped and counted when the queue is full. An exception is counted; the run
// continues. If a run continues from a checkpoint, resumed() follows run_start(): truncate the logger's record in the
// run's folder to that step, because the steps after it are repeated. abi/logger.h explains the members of the events;
// binade::view() turns their strings into std::string_view, valid until the call returns.
#ifndef BINADE_LOGGER_H
#define BINADE_LOGGER_H

#include "abi/logger.h"
#include "boundary.h"

namespace binade {

using RunStart = binade_run_start_event;
using Step = binade_step_event;
using Evaluation = binade_evaluation_event;
using Message = binade_message_event;
using RunEnd = binade_run_end_event;
using Resumed = binade_resumed_event;

namespace detail {

template <class T>
using RunStartCall = decltype(std::declval<T&>().run_start(std::declval<const RunStart&>()));
template <class T>
using StepCall = decltype(std::declval<T&>().step(std::declval<const Step&>()));
template <class T>
using EvaluationCall = decltype(std::declval<T&>().evaluation(std::declval<const Evaluation&>()));
template <class T>
using MessageCall = decltype(std::declval<T&>().message(std::declval<const Message&>()));
template <class T>
using RunEndCall = decltype(std::declval<T&>().run_end(std::declval<const RunEnd&>()));
template <class T>
using ResumedCall = decltype(std::declval<T&>().resumed(std::declval<const Resumed&>()));
template <class T>
using FlushCall = decltype(std::declval<T&>().flush());

template <class T>
struct LoggerShim {
  static_assert(has<RunStartCall, T> || has<StepCall, T> || has<EvaluationCall, T> || has<MessageCall, T> ||
                    has<RunEndCall, T>,
                "a logger must have at least one of run_start, step, evaluation, message, run_end");

  // Each event begins with its binade_event, so a pointer to that is a pointer to the event.
  template <class Event>
  static const Event& as(const binade_event* event, Event&& room = {}) {
    return whole(reinterpret_cast<const Event*>(event), room);
  }

  static std::int32_t write(void* self, const binade_event* event, binade_error* error) noexcept {
    return guard(error, [&] {
      [[maybe_unused]] T& logger = *static_cast<T*>(self);
      switch (event->type) {
        case BINADE_EVENT_RUN_START:
          if constexpr (has<RunStartCall, T>) logger.run_start(as<RunStart>(event));
          break;
        case BINADE_EVENT_STEP:
          if constexpr (has<StepCall, T>) logger.step(as<Step>(event));
          break;
        case BINADE_EVENT_EVALUATION:
          if constexpr (has<EvaluationCall, T>) logger.evaluation(as<Evaluation>(event));
          break;
        case BINADE_EVENT_MESSAGE:
          if constexpr (has<MessageCall, T>) logger.message(as<Message>(event));
          break;
        case BINADE_EVENT_RUN_END:
          if constexpr (has<RunEndCall, T>) logger.run_end(as<RunEnd>(event));
          break;
        case BINADE_EVENT_RESUMED:
          if constexpr (has<ResumedCall, T>) logger.resumed(as<Resumed>(event));
          break;
        default:
          break;
      }
    });
  }
  static std::int32_t flush(void* self, binade_error* error) noexcept {
    return guard(error, [&] {
      if constexpr (has<FlushCall, T>) static_cast<T*>(self)->flush();
      (void)self;
    });
  }
  static constexpr binade_logger_table table{sizeof(binade_logger_table), 0, create<T>, destroy<T>, write, flush};
};

}  // namespace detail
}  // namespace binade

#define BINADE_LOGGER(Type)                                                                             \
  BINADE_PLUGIN_EXPORT const binade_plugin binade_plugin_v1 = {sizeof(binade_plugin), BINADE_ABI_MAJOR, \
                                                               BINADE_ABI_MINOR, BINADE_KIND_LOGGER,    \
                                                               &binade::detail::LoggerShim<Type>::table};
#endif
