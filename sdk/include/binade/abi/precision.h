/* The precision plugin: a policy that the host carries out. It chooses the precision of a run and how the loss is
 * scaled, by constants or step by step; the host runs autocast and the gradient scaler. A policy never sees a tensor,
 * so it can be tested without LibTorch. */
#ifndef BINADE_ABI_PRECISION_H
#define BINADE_ABI_PRECISION_H

#include "plugin.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The constants are those of torch.amp.GradScaler: on overflow the scale is multiplied by `backoff_factor` and the step
 * skipped; after `growth_interval` steps in a row without overflow it is multiplied by `growth_factor`. If the plugin
 * has update(), the host uses only `init_scale` and `min_scale` of them. */
typedef struct binade_policy {
  uint32_t struct_size;
  uint32_t compute_dtype;   /* BINADE_FLOAT32, BINADE_BFLOAT16 or BINADE_FLOAT16 */
  uint32_t autocast;        /* 1: forward and loss run under autocast to compute_dtype */
  uint32_t dynamic_scaling; /* 1: the loss is scaled, with the constants below */
  double init_scale;        /* > 0 */
  double growth_factor;     /* > 1 */
  double backoff_factor;    /* in (0, 1) */
  int64_t growth_interval;  /* >= 1 */
  double min_scale;         /* lower bound of the scale; at least 2^-126, at most init_scale */
  int64_t hysteresis;       /* >= 1: number of overflows since the last growth at which the scale backs off */
  int64_t exponents_every;  /* >= 0: update() gets exponents in steps 1, 1 + n, 1 + 2n, ...; 0: never */
} binade_policy;

#define BINADE_EXPONENTS 256

/* The outcome of a step's backward pass, before any update. update() is not called for a step whose loss is inf or NaN:
 * that is a fault of the model or its data, which no scale repairs. The step is skipped and the scale stays. */
typedef struct binade_outcome {
  uint32_t struct_size;
  uint32_t found_inf;   /* 1: a gradient is inf or NaN; the step is skipped, whatever the decision */
  uint64_t step;        /* counted from 1, skipped ones included */
  double scale;         /* used by this step */
  double loss;          /* unscaled */
  double gradient_norm; /* global, unscaled, before clipping; inf or NaN with found_inf */
  /* Histogram of the scaled gradients' elements by the exponent field of their fp32 form: [e] counts those in
   * [2^(e-127), 2^(e-126)), [0] zeros and subnormals, [255] inf and NaN. NULL unless exponents_every asks for it. */
  const uint64_t* exponents;
} binade_outcome;

/* Initialised by the host to "apply unless found_inf, and keep the scale". */
typedef struct binade_decision {
  uint32_t struct_size;
  uint32_t apply; /* 0: the step is skipped */
  /* The scale of the next step, rounded to fp32. A scale below min_scale becomes min_scale. An invalid one (negative,
   * zero, subnormal, inf or NaN) is rejected and counted, and the scale stays. */
  double scale;
} binade_decision;

/* Receives the bytes of save(). Each write() appends. */
typedef struct binade_state {
  uint32_t struct_size;
  uint32_t reserved;
  void (*write)(struct binade_state* self, const void* data, uint64_t bytes);
} binade_state;

#define BINADE_OVERRIDE_PARAMETERS 1
#define BINADE_OVERRIDE_OPERATION 2

/* Receives the results of overrides(). */
typedef struct binade_overrides {
  uint32_t struct_size;
  uint32_t reserved;
  /* The first matching override applies. BINADE_OVERRIDE_PARAMETERS: `name` is a pattern for parameter names (* any
   * characters, ? one character, [...] one of a set); operations that use a matching parameter run in `dtype`.
   * BINADE_OVERRIDE_OPERATION: `name` is a LibTorch operation, such as "softmax". `dtype` as in compute_dtype. */
  void (*add)(struct binade_overrides* self, uint32_t kind, binade_string name, uint32_t dtype);
} binade_overrides;

typedef struct binade_precision_table {
  uint32_t struct_size;
  uint32_t reserved;
  /* [main] */
  int32_t (*create)(const binade_host* host, const binade_options* options, void** self, binade_error* error);
  /* [main] Called last; not if create() failed. */
  void (*destroy)(void* self);
  /* [main] Called once, after create(). `policy` is initialised to fp32 without autocast or scaling, with PyTorch's
   * constants. */
  int32_t (*policy)(void* self, binade_policy* policy, binade_error* error);
  /* [train] Called once per step if dynamic_scaling is 1. If NULL, the host scales by the policy's constants. A failure
   * ends the run. */
  int32_t (*update)(void* self, const binade_outcome* outcome, binade_decision* decision, binade_error* error);
  /* [train] Save and restore the state of update(), in the plugin's own format. load() is called after policy() when a
   * run is resumed. NULL if update() has no state. The host saves the scale itself. */
  int32_t (*save)(void* self, binade_state* state, binade_error* error);
  int32_t (*load)(void* self, const void* data, uint64_t bytes, binade_error* error);
  /* [main] Lists what runs in another precision under autocast. Called once, after policy(); may be NULL. Overrides of
   * the experiment take precedence. An override that matches nothing in the model has no effect. */
  int32_t (*overrides)(void* self, binade_overrides* overrides, binade_error* error);
} binade_precision_table;

#ifdef __cplusplus
}
#endif
#endif
