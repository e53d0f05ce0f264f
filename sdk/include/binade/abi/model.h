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

/* Where loss() puts its answer. */
typedef struct binade_loss {
  uint32_t struct_size;
  uint32_t reserved;
  /* A floating-point scalar that requires grad. Exactly once. */
  void (*set_value)(struct binade_loss* self, const void* tensor);
  /* A number to report beside the loss; becomes a metric. Up to 16 names of [A-Za-z0-9_]{1,64}, the same in every
   * step. A tensor of one element: it is read with the step's single device-to-host copy. */
  void (*add_scalar)(struct binade_loss* self, binade_string name, const void* tensor);
} binade_loss;

/* Where parameters() and buffers() put their answers. */
typedef struct binade_tensors {
  uint32_t struct_size;
  uint32_t reserved;
  void (*add)(struct binade_tensors* self, binade_string name, const void* tensor);
} binade_tensors;

typedef struct binade_model_table {
  uint32_t struct_size;
  uint32_t reserved;
  /* [main] Builds the module on the CPU in fp32; the host has seeded LibTorch's generator. */
  int32_t (*create)(const binade_host* host, const binade_options* options, void** self, binade_error* error);
  /* [main] After the last call; never when create() failed. */
  void (*destroy)(void* self);
  /* [train] `inputs`: the fields that the manifest's `inputs` name, in that order. `output` is assigned: logits for
   * the losses of the task, shaped [N, classes], [N, T, vocabulary] or, for mse, like the target. */
  int32_t (*forward)(void* self, const void* const* inputs, uint64_t input_count, void* output, binade_error* error);
  /* [train] NULL when the model has no loss of its own. Called instead of forward() when [task] loss = "model". */
  int32_t (*loss)(void* self, const binade_batch* batch, binade_loss* loss, binade_error* error);
  /* [main] Each named parameter and buffer. A tensor may come twice, under two names (tied weights): the host
   * counts, unscales, clips and updates it once. */
  int32_t (*parameters)(void* self, binade_tensors* tensors, binade_error* error);
  int32_t (*buffers)(void* self, binade_tensors* tensors, binade_error* error);
  /* [train] Training mode (dropout, batch norm) on or off. */
  int32_t (*train)(void* self, int32_t on, binade_error* error);
  /* [main] Moves parameters and buffers; `device` as LibTorch writes it, "cpu" or "cuda:0". */
  int32_t (*to)(void* self, binade_string device, binade_error* error);
  /* [main] `rows`: the number of tokens that the first embedding among the modules has rows for; 0 when there is none.
   * The host compares it with the dataset's vocabulary before training. */
  int32_t (*vocabulary)(void* self, int64_t* rows, binade_error* error);
} binade_model_table;

#ifdef __cplusplus
}
#endif
#endif
