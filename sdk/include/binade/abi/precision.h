/* The precision plugin: a policy, never an executor. It says in which precision a run computes and how the loss is
 * scaled; the host runs autocast and the gradient scaler. A policy needs no tensor, so it is tested without one. */
#ifndef BINADE_ABI_PRECISION_H
#define BINADE_ABI_PRECISION_H

#include "plugin.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The constants are those of torch.amp.GradScaler: on overflow the scale is multiplied by `backoff_factor` and the step
 * skipped; after `growth_interval` steps in a row without overflow it is multiplied by `growth_factor`. */
typedef struct binade_policy {
  uint32_t struct_size;
  uint32_t compute_dtype;   /* BINADE_FLOAT32, BINADE_BFLOAT16 or BINADE_FLOAT16 */
  uint32_t autocast;        /* 1: forward and loss run under autocast to compute_dtype */
  uint32_t dynamic_scaling; /* 1: the loss is scaled, with the constants below */
  double init_scale;        /* > 0 */
  double growth_factor;     /* > 1 */
  double backoff_factor;    /* in (0, 1) */
  int64_t growth_interval;  /* >= 1 */
} binade_policy;

/* Receives overrides; `sink` is the caller's. BINADE_OVERRIDE_PARAMETERS: `name` matches names of parameters, with *
 * for any characters, ? for one and [...] for one of several; operations that use such a parameter run in `dtype`.
 * BINADE_OVERRIDE_OPERATION: `name` is one of LibTorch's operations, "softmax". `dtype` as in compute_dtype. */
#define BINADE_OVERRIDE_PARAMETERS 1
#define BINADE_OVERRIDE_OPERATION 2
typedef void (*binade_override_visitor)(void* sink, uint32_t kind, binade_string name, uint32_t dtype);

typedef struct binade_precision_table {
  uint32_t struct_size;
  uint32_t reserved;
  /* [main] */
  int32_t (*create)(const binade_host* host, const binade_options* options, void** self, binade_error* error);
  /* [main] After the last call; never when create() failed. */
  void (*destroy)(void* self);
  /* [main] Once, after create(). `policy` arrives as fp32 without autocast or scaling, with PyTorch's constants. */
  int32_t (*policy)(void* self, binade_policy* policy, binade_error* error);
  /* [main] NULL, or called once, after policy(): what runs in another precision under autocast. The first override that
   * fits counts; those of the experiment go before. One that fits nothing in this model does nothing. */
  int32_t (*overrides)(void* self, binade_override_visitor visitor, void* sink, binade_error* error);
} binade_precision_table;

#ifdef __cplusplus
}
#endif
#endif
