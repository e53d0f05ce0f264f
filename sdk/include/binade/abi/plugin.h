/* The contract that every Binade plugin shares, in C11: strings, statuses, errors, options, host services, and
 * the one symbol that a plugin exports. Each kind adds a table of calls: dataset.h, precision.h, logger.h, model.h.
 *
 * A plugin is a shared library with exactly one exported symbol, and it is data:
 *
 *     BINADE_PLUGIN_EXPORT const binade_plugin binade_plugin_v1 = { ... };
 *
 * Rules of the whole ABI:
 *   - Every struct begins with `struct_size`, set by whoever allocates it; neither side touches what lies beyond the
 *     other's. The exceptions never grow, because they stand in arrays and by value: binade_string, binade_label and
 *     binade_scalar.
 *   - Members named `reserved` are 0 when written and not looked at when read.
 *   - Every call that can fail returns a status and takes an error sink. No exception and no longjmp crosses.
 *   - Each side frees what it allocated. Pointers passed to a call are borrowed until that call returns.
 *   - Threads are named at each call: [main] before and after training, [train] the training thread, [worker] any
 *     of several threads at once, [logger] the one thread of that logger. What the host passes to a call is used on
 * that call's thread only; binade_host alone is for any thread.
 *
 * Stability: a plugin of this major loads in every host of this major, older or newer. Later minors only append members
 * to structs and values to numbers, and say so: "since 1.1". The host copies a plugin's table into a zeroed one of its
 * own size; a plugin asks BINADE_HAS() before it uses a member that is younger than 1.0 (the C++ and Rust SDK do), and
 * passes over values of numbers that it does not know. A plugin that cannot do without a minor says `needs_abi = "1.1"`
 * in its manifest, and is refused by older hosts. */
#ifndef BINADE_ABI_PLUGIN_H
#define BINADE_ABI_PLUGIN_H

#include <stdint.h>

#define BINADE_ABI_MAJOR 1
#define BINADE_ABI_MINOR 2

/* Whether the struct that `self` points to, which the other side allocated, has `member`. */
#define BINADE_HAS(self, member) \
  ((self)->struct_size >= (uint64_t)((const char*)(&(self)->member + 1) - (const char*)(self)))

#ifdef __cplusplus
#define BINADE_PLUGIN_EXPORT extern "C" __attribute__((visibility("default")))
extern "C" {
#else
#define BINADE_PLUGIN_EXPORT __attribute__((visibility("default")))
#endif

/* UTF-8, not NUL-terminated. `data` may be NULL when `size` is 0. */
typedef struct binade_string {
  const char* data;
  uint64_t size; /* bytes */
} binade_string;

/* What a call returns: BINADE_OK, or one of the others after error->set() was called. One that the host does not know
 * is a BINADE_FAILED. */
#define BINADE_OK 0
#define BINADE_FAILED 1           /* anything without a better name below */
#define BINADE_INVALID_ARGUMENT 2 /* an option or an argument has a value that this plugin cannot work with */
#define BINADE_NOT_FOUND 3        /* a file, a name or an option is not there */
#define BINADE_BAD_DATA 4         /* data was found and is wrong: the message names file, line or sample */
#define BINADE_OUT_OF_MEMORY 5
#define BINADE_UNIMPLEMENTED 6

/* Where a failing call says why. Owned by the host; set() copies the message and may be called once per call. */
typedef struct binade_error {
  uint32_t struct_size;
  uint32_t reserved;
  void (*set)(struct binade_error* self, int32_t status, binade_string message);
} binade_error;

/* Types of option values; the manifest's words for them stand beside. */
#define BINADE_TYPE_BOOLEAN 1 /* "boolean": `integer` is 0 or 1 */
#define BINADE_TYPE_INTEGER 2 /* "integer" */
#define BINADE_TYPE_NUMBER 3  /* "number": finite */
#define BINADE_TYPE_STRING 4  /* "string" */
#define BINADE_TYPE_PATH 5    /* "path": absolute, in `string`; relative ones were relative to the experiment file */

typedef struct binade_value {
  uint32_t struct_size;
  uint32_t type;
  int64_t integer;
  double number;
  binade_string string;
} binade_value;

/* The plugin's table of the experiment, complete: checked against the manifest, defaults filled in, wiring resolved.
 * Valid only during create(). A member of a nested table has a dotted name, "limits.low". */
typedef struct binade_options {
  uint32_t struct_size;
  uint32_t reserved;
  /* Number of values: 1 for a scalar, the length of an array, 0 for an optional option that was not given. */
  uint64_t (*count)(const struct binade_options* self, binade_string name);
  /* Fills `out` (its struct_size set by the caller) with value `index` < count. BINADE_NOT_FOUND otherwise. */
  int32_t (*get)(const struct binade_options* self, binade_string name, uint64_t index, binade_value* out);
} binade_options;

#define BINADE_LOG_DEBUG 0
#define BINADE_LOG_INFO 1
#define BINADE_LOG_WARNING 2
#define BINADE_LOG_ERROR 3

/* One series of a metric that the manifest declares under [metrics]; the host's own. */
typedef struct binade_series binade_series;

/* Never grows: it stands in arrays. */
typedef struct binade_label {
  binade_string name;
  binade_string value;
} binade_label;

/* What the host offers a plugin, from create() until destroy() has returned. */
typedef struct binade_host {
  uint32_t struct_size;
  uint32_t reserved;
  /* [any thread] One line into the host's log, tagged with the plugin's id. */
  void (*log)(const struct binade_host* self, int32_t level, binade_string message);
  /* [any thread] The series of a declared metric with these label values, one for each label that the manifest names,
   * in any order. NULL for anything else, which is counted in binade_plugin_metrics_rejected_total. Valid as long as
   * the host's services are: look it up once. */
  binade_series* (*series)(const struct binade_host* self, binade_string metric, const binade_label* labels,
                           uint64_t label_count);
  /* [any thread] Update a series; NULL is passed over. What does not fit (another type, a counter that would fall, a
   * value that is not finite for a counter or histogram) changes nothing and is counted as above. */
  void (*add)(const struct binade_host* self, binade_series* series, double amount);    /* counter, gauge */
  void (*set)(const struct binade_host* self, binade_series* series, double value);     /* gauge */
  void (*observe)(const struct binade_host* self, binade_series* series, double value); /* histogram */
  /* [any thread] Since 1.1. A folder for what this plugin can make again, such as an index of its data: absolute, there
   * already, and the same in every run of plugins of this id. Several processes may use it at once: write a file under
   * a name of its own and rename it. Empty where there is none to be had: do without. Valid as long as the host's
   * services are. */
  binade_string (*cache_folder)(const struct binade_host* self);
} binade_host;

#define BINADE_KIND_DATASET 1
#define BINADE_KIND_PRECISION 2
#define BINADE_KIND_LOGGER 3
#define BINADE_KIND_MODEL 4

/* The exported symbol. Reading it runs nothing. */
typedef struct binade_plugin {
  uint32_t struct_size;
  uint32_t abi_major; /* BINADE_ABI_MAJOR */
  uint32_t abi_minor; /* BINADE_ABI_MINOR */
  uint32_t kind;      /* BINADE_KIND_*, the same as the manifest's */
  const void* table;  /* binade_dataset_table, binade_precision_table, binade_logger_table or binade_model_table */
} binade_plugin;

#define BINADE_PLUGIN_SYMBOL "binade_plugin_v1"

#ifdef __cplusplus
}
#endif
#endif
