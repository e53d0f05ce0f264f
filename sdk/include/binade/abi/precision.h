/* The precision plugin: a policy, never an executor. It says in which precision a run computes and how the loss is
 * scaled, by constants or step by step; the host runs autocast and the gradient scaler. A policy needs no tensor, so it
 * is tested without one. */
#ifndef BINADE_ABI_PRECISION_H
#define BINADE_ABI_PRECISION_H

#include "plugin.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The constants are those of torch.amp.GradScaler: on overflow the scale is multiplied by `backoff_factor` and the step
 * skipped; after `growth_interval` steps in a row without overflow it is multiplied by `growth_factor`. With `update`
 * below, they are the plugin's own affair, but for `init_scale` and `min_scale`. */
typedef struct binade_policy {
  uint32_t struct_size;
  uint32_t compute_dtype;   /* BINADE_FLOAT32, BINADE_BFLOAT16 or BINADE_FLOAT16 */
  uint32_t autocast;        /* 1: forward and loss run under autocast to compute_dtype */
  uint32_t dynamic_scaling; /* 1: the loss is scaled, with the constants below */
  double init_scale;        /* > 0 */
  double growth_factor;     /* > 1 */
  double backoff_factor;    /* in (0, 1) */
  int64_t growth_interval;  /* >= 1 */
  double min_scale;         /* the floor: no scale is ever lower; at least 2^-126, at most init_scale */
  int64_t hysteresis;       /* >= 1: of the overflows since the last growth, those before this one do not back off */
  int64_t exponents_every;  /* >= 0: update() gets the gradients' exponents in steps 1, 1 + n, ...; 0: never */
} binade_policy;

#define BINADE_EXPONENTS 256

/* What a step found before anything was updated. Not told: steps whose loss is itself inf or NaN, since no scale mends
 * a fault of the model or its data. Such a step is skipped and the scale stays. */
typedef struct binade_outcome {
  uint32_t struct_size;
  uint32_t found_inf;   /* 1: a gradient is inf or NaN; the step is skipped, whatever the decision */
  uint64_t step;        /* from 1, skipped ones included */
  double scale;         /* that this step used */
  double loss;          /* unscaled */
  double gradient_norm; /* global, unscaled, before clipping; inf or NaN with found_inf */
  /* The scaled gradients' elements, counted by the exponent field of their fp32 form: [e] has those in
   * [2^(e-127), 2^(e-126)), [0] zeros and subnormals, [255] inf and NaN. NULL in steps without. */
  const uint64_t* exponents;
} binade_outcome;

/* Arrives as "apply unless found_inf, and keep the scale". */
typedef struct binade_decision {
  uint32_t struct_size;
  uint32_t apply; /* 0: the step is skipped */
  /* Of the next step: finite and positive, rounded to fp32. One below min_scale becomes min_scale; one that is no scale
   * (negative, zero, subnormal, inf, NaN) is refused and counted, and the scale stays. */
  double scale;
} binade_decision;

/* Where save() puts its bytes; write() may be called several times, which appends. */
typedef struct binade_state {
  uint32_t struct_size;
  uint32_t reserved;
  void (*write)(struct binade_state* self, const void* data, uint64_t bytes);
} binade_state;

#define BINADE_OVERRIDE_PARAMETERS 1
#define BINADE_OVERRIDE_OPERATION 2

/* Where overrides() puts its answer. */
typedef struct binade_overrides {
  uint32_t struct_size;
  uint32_t reserved;
  /* The first override that fits counts. BINADE_OVERRIDE_PARAMETERS: `name` matches names of parameters, with * for any
   * characters, ? for one and [...] for one of several; operations that use such a parameter run in `dtype`.
   * BINADE_OVERRIDE_OPERATION: `name` is one of LibTorch's operations, "softmax". `dtype` as in compute_dtype. */
  void (*add)(struct binade_overrides* self, uint32_t kind, binade_string name, uint32_t dtype);
} binade_overrides;

typedef struct binade_precision_table {
  uint32_t struct_size;
  uint32_t reserved;
  /* [main] */
  int32_t (*create)(const binade_host* host, const binade_options* options, void** self, binade_error* error);
  /* [main] After the last call; never when create() failed. */
  void (*destroy)(void* self);
  /* [main] Once, after create(). `policy` arrives as fp32 without autocast or scaling, with PyTorch's constants. */
  int32_t (*policy)(void* self, binade_policy* policy, binade_error* error);
  /* [train] Once per step where dynamic_scaling is 1. NULL: the host scales by the policy's constants. A failure ends
   * the run. */
  int32_t (*update)(void* self, const binade_outcome* outcome, binade_decision* decision, binade_error* error);
  /* [train] All that update() goes by, in bytes of the plugin's own; load() gets them back when a run is resumed, after
   * policy(). NULL when it remembers nothing. The scale itself is the host's to keep. */
  int32_t (*save)(void* self, binade_state* state, binade_error* error);
  int32_t (*load)(void* self, const void* data, uint64_t bytes, binade_error* error);
  /* [main] NULL, or called once, after policy(): what runs in another precision under autocast. Those of the experiment
   * go before. One that fits nothing in this model does nothing. */
  int32_t (*overrides)(void* self, binade_overrides* overrides, binade_error* error);
} binade_precision_table;

#ifdef __cplusplus
}
#endif
#endif
