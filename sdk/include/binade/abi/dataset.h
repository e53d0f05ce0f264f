/* The dataset plugin: a map from (split, index) to samples. The host owns order, shuffling, batching, sharding and
 * padding, so a dataset needs no code of its own to resume exactly or to shard across ranks. */
#ifndef BINADE_ABI_DATASET_H
#define BINADE_ABI_DATASET_H

#include "plugin.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BINADE_VARIABLE (-1) /* an extent that differs between samples */

/* One part of each sample. A field with a variable extent makes the host add `<name>_length`, int64, [count]: the
 * first variable extent of each sample before padding. */
typedef struct binade_field {
  uint32_t struct_size;
  uint32_t dtype; /* BINADE_UINT8 ... */
  binade_string name;
  const int64_t* shape; /* of one sample; [] for a scalar */
  uint32_t rank;        /* at most 8 */
  uint32_t reserved;
  double pad_value;
} binade_field;

/* Receives the results of describe(). Every call copies its arguments. */
typedef struct binade_description {
  uint32_t struct_size;
  uint32_t reserved;
  /* Splits are numbered in the order of these calls. "train" is required; "validation" and "test" are well-known names;
   * other names must match [a-z][a-z0-9_]{0,63}. Without "validation" the host holds back the last 20 % of "train". */
  void (*add_split)(struct binade_description* self, binade_string name, uint64_t size);
  void (*add_field)(struct binade_description* self, const binade_field* field);
  /* A value that options may take with `default_from = "dataset.<name>"`. Well-known names: classes, vocab_size,
   * features, sequence_length, channels, height, width (integers); loss, target (strings, the task's defaults). */
  void (*add_fact)(struct binade_description* self, binade_string name, const binade_value* value);
  /* 1: samples are independent, so a random validation split does not leak. Default 0: the split is contiguous. */
  void (*set_independent)(struct binade_description* self, int32_t independent);
} binade_description;

typedef struct binade_read {
  uint32_t struct_size;
  uint32_t split;
  const uint64_t* indices; /* each less than the split's size; in any order, duplicates allowed */
  uint64_t count;
  uint64_t seed;     /* augmentation must depend on (seed, epoch, index) only, so that a resumed run repeats it */
  uint64_t epoch;    /* from 0 */
  uint32_t training; /* 1: training, augmentation allowed. 0: evaluation, no augmentation */
  uint32_t reserved;
  binade_buffer* const* buffers; /* one per field, in the order of add_field() */
  uint64_t buffer_count;
} binade_read;

typedef struct binade_dataset_table {
  uint32_t struct_size;
  uint32_t reserved;
  /* [main] Opens the data and checks as much as it can. For BINADE_BAD_DATA the message must name file and line. */
  int32_t (*create)(const binade_host* host, const binade_options* options, void** self, binade_error* error);
  /* [main] Called last, also after a failed run, but not if create() failed. */
  void (*destroy)(void* self);
  /* [main] Called once, after create(); a dataset with fit() is asked again after fit(). */
  int32_t (*describe)(void* self, binade_description* description, binade_error* error);
  /* [worker] May be NULL if no field has a variable extent. Writes, for each index, the shapes of the variable fields
   * in field order, one after the other. A shape includes its fixed extents. */
  int32_t (*measure)(void* self, uint32_t split, const uint64_t* indices, uint64_t count, int64_t* shapes,
                     binade_error* error);
  /* [worker] Writes `count` samples into the buffers. Must be safe to call from several threads at once on the same
   * `self`. The same request must always give the same bytes. A failure ends the run; the message must name the
   * sample. */
  int32_t (*read)(void* self, const binade_read* request, binade_error* error);
  /* [main] Since 1.2. May be NULL. Called once, before the second describe(), with the samples of the plugin's split
   * `split` that the run trains on, in ascending order. Everything that is learned from data, such as means, categories
   * and vocabularies, must be learned here and from these samples only: otherwise validation data leaks into training.
   * The same samples must always give the same result. The first describe() needs splits only; the second one must
   * repeat them, with the final fields and facts. */
  int32_t (*fit)(void* self, uint32_t split, const uint64_t* indices, uint64_t count, binade_error* error);
  /* [main] Since 1.2. May be NULL. Called before fit(). Writes one number for each of the `count` samples of `split`:
   * samples get the same number exactly if they have the same value in `column`; "" means the target. The host
   * stratifies and groups splits by it. Must fail with BINADE_INVALID_ARGUMENT if there is no such column. */
  int32_t (*keys)(void* self, uint32_t split, binade_string column, int64_t* keys, uint64_t count, binade_error* error);
} binade_dataset_table;

#ifdef __cplusplus
}
#endif
#endif
