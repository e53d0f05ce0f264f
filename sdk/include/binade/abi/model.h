/* The model plugin, torch tier. Its calls are C, but their payloads are LibTorch's own C++ objects (at::Tensor), so a
 * model runs only in a host with exactly the LibTorch that it was compiled against; its build block proves that before
 * any of its code runs. Authors do not write this table: BINADE_MODEL of binade/model.h does.
 *
 * `const void*` below points to an at::Tensor owned by the caller, `void*` to one that the callee assigns. */
#ifndef BINADE_ABI_MODEL_H
#define BINADE_ABI_MODEL_H

#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The fields of a batch by name, for a model with its own loss. */
typedef struct binade_batch {
  uint32_t struct_size;
  uint32_t reserved;
  /* The field's tensor, or NULL when the dataset has no such field. Valid during the call. */
  const void* (*field)(const struct binade_batch* self, binade_string name);
} binade_batch;

/* Receives the results of loss(). */
typedef struct binade_loss {
  uint32_t struct_size;
  uint32_t reserved;
  /* The loss, a floating-point scalar that requires grad. Must be called exactly once. */
  void (*set_value)(struct binade_loss* self, const void* tensor);
  /* A value to report with the loss, as a metric: a tensor of one element, which is read with the step's single
   * device-to-host copy. Up to 16 names that match [A-Za-z0-9_]{1,64}, the same ones in every step. */
  void (*add_scalar)(struct binade_loss* self, binade_string name, const void* tensor);
} binade_loss;

/* Receives the results of parameters() and buffers(). */
typedef struct binade_tensors {
  uint32_t struct_size;
  uint32_t reserved;
  void (*add)(struct binade_tensors* self, binade_string name, const void* tensor);
} binade_tensors;

typedef struct binade_model_table {
  uint32_t struct_size;
  uint32_t reserved;
  /* [main] Builds the module on the CPU in fp32. The host seeds LibTorch's generator before this call. */
  int32_t (*create)(const binade_host* host, const binade_options* options, void** self, binade_error* error);
  /* [main] Called last; not if create() failed. */
  void (*destroy)(void* self);
  /* [train] `inputs` are the fields listed in the manifest's `inputs`, in that order. Assigns `output`: logits of shape
   * [N, classes] or [N, T, vocabulary] or, for mse, predictions of the target's shape. */
  int32_t (*forward)(void* self, const void* const* inputs, uint64_t input_count, void* output, binade_error* error);
  /* [train] NULL if the model does not compute its own loss. Called instead of forward() if [task] loss = "model". */
  int32_t (*loss)(void* self, const binade_batch* batch, binade_loss* loss, binade_error* error);
  /* [main] Lists the named parameters and buffers. A tensor may be listed under two names (tied weights): the host
   * counts, unscales, clips and updates it once. */
  int32_t (*parameters)(void* self, binade_tensors* tensors, binade_error* error);
  int32_t (*buffers)(void* self, binade_tensors* tensors, binade_error* error);
  /* [train] Switches training mode (dropout, batch norm) on or off. */
  int32_t (*train)(void* self, int32_t on, binade_error* error);
  /* [main] Moves parameters and buffers to `device`, in LibTorch's notation: "cpu" or "cuda:0". */
  int32_t (*to)(void* self, binade_string device, binade_error* error);
  /* [main] Sets `rows` to the number of rows of the first embedding module, 0 if there is none. The host compares it
   * with the dataset's vocabulary before training. */
  int32_t (*vocabulary)(void* self, int64_t* rows, binade_error* error);
} binade_model_table;

#ifdef __cplusplus
}
#endif
#endif
