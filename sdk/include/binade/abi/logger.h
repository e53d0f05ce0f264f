/* The logger plugin: receives the events of a run one at a time, on a thread of its own behind a bounded queue. A slow
 * or failing logger does not affect the training step; events that do not fit into the queue are dropped and counted.
 * (The host itself writes every step to metrics.jsonl; those writes do wait for the disk.) */
#ifndef BINADE_ABI_LOGGER_H
#define BINADE_ABI_LOGGER_H

#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BINADE_EVENT_RUN_START 1
#define BINADE_EVENT_STEP 2
#define BINADE_EVENT_EVALUATION 3
#define BINADE_EVENT_MESSAGE 4
#define BINADE_EVENT_RUN_END 5
#define BINADE_EVENT_RESUMED 6 /* since 1.2 */

/* The header of every event. It never grows. Ignore events of unknown type. */
typedef struct binade_event {
  uint32_t struct_size;
  uint32_t type;
  double time; /* Unix time in seconds */
} binade_event;

typedef struct binade_run_start_event {
  binade_event event;
  binade_string run_id;
  binade_string name;            /* [experiment] name */
  binade_string directory;       /* the run's folder, absolute */
  binade_string device;          /* "cpu", "cuda:0" */
  binade_string precision;       /* effective: "fp32", "bf16", "fp16" */
  binade_string metrics_address; /* "http://127.0.0.1:9464/metrics", empty when off */
  uint64_t parameters;           /* trainable elements, tied ones counted once */
  uint64_t target_steps;         /* 0: unknown */
  double max_seconds;            /* 0: no limit */
  uint64_t train_samples;
  uint64_t validation_samples;
  int32_t interactive; /* 1: standard output is a terminal */
  int32_t color;       /* 1: colours are wanted */
} binade_run_start_event;

/* A named scalar of a model's own loss. This struct never grows, because it is used in arrays. */
typedef struct binade_scalar {
  binade_string name;
  double value;
} binade_scalar;

typedef struct binade_step_event {
  binade_event event;
  uint64_t step;          /* attempted steps, counted from 1, skipped ones included */
  uint64_t epoch;         /* from 0 */
  double epoch_progress;  /* 0 to 1, inside this epoch */
  double loss;            /* mean over the step's samples, unscaled; may be NaN or infinite */
  double accuracy;        /* 0 to 1; NaN when the task has none */
  double learning_rate;   /* used by this step */
  double gradient_norm;   /* global, unscaled, before clipping; NaN or infinite when the step was skipped */
  double loss_scale;      /* used by this step; 1 without scaling */
  double seconds;         /* wall time of this step */
  uint64_t samples;       /* in this step */
  uint64_t tokens;        /* in this step; 0 when samples are not sequences */
  uint64_t skipped_steps; /* so far in this run */
  int32_t skipped;        /* 1: the step was skipped, nothing was updated */
  int32_t reserved;
  const binade_scalar* scalars;
  uint64_t scalar_count;
  binade_string skip_cause;     /* "overflow", "nan", "norm", "loss" or "policy"; empty for an applied step */
  binade_string skip_parameter; /* the first parameter whose gradient was not finite; may be empty */
} binade_step_event;

typedef struct binade_evaluation_event {
  binade_event event;
  uint64_t step;
  binade_string split; /* "validation" */
  double loss;         /* mean over samples (over counted targets for token losses) */
  double accuracy;     /* 0 to 1; NaN when the task has none */
  double seconds;
  uint64_t samples;
  const binade_scalar* scalars;
  uint64_t scalar_count;
} binade_evaluation_event;

/* A message that the host also prints on standard error. A console logger need not repeat it. */
typedef struct binade_message_event {
  binade_event event;
  int32_t level; /* BINADE_LOG_* */
  int32_t reserved;
  binade_string text;
} binade_message_event;

typedef struct binade_run_end_event {
  binade_event event;
  binade_string state; /* "finished", "interrupted", "failed", "preempted" */
  uint64_t steps;
  uint64_t skipped_steps;
  double seconds;
} binade_run_end_event;

/* Since 1.2. Follows the run_start event when this process resumes a run from a checkpoint. The previous process may
 * have logged steps and evaluations after that checkpoint, which will be logged again, and may have been killed in the
 * middle of a write. A logger that keeps a record in the run's folder must truncate it to the positions given here and
 * drop an incomplete last line. */
typedef struct binade_resumed_event {
  binade_event event;
  uint64_t step;           /* of the checkpoint; training continues with the step after it */
  uint64_t evaluated_step; /* evaluations after this step are repeated; 0: all of them are */
} binade_resumed_event;

typedef struct binade_logger_table {
  uint32_t struct_size;
  uint32_t reserved;
  /* [main] */
  int32_t (*create)(const binade_host* host, const binade_options* options, void** self, binade_error* error);
  /* [main] Called last, after the logger's thread has ended; not if create() failed. */
  void (*destroy)(void* self);
  /* [logger] Handles one event. A failure is counted; the run continues. */
  int32_t (*write)(void* self, const binade_event* event, binade_error* error);
  /* [logger] Makes everything written so far durable. Called periodically and at the end. May be NULL. */
  int32_t (*flush)(void* self, binade_error* error);
} binade_logger_table;

#ifdef __cplusplus
}
#endif
#endif
