/* The contract that every Binade plugin shares, in C11: strings, statuses, errors, options, host services, and
 * the one symbol that a plugin exports. Each kind adds a table of calls: dataset.h, precision.h, logger.h, model.h.
 *
 * A plugin is a shared library with exactly one exported symbol, and it is data:
 *
 *     BINADE_PLUGIN_EXPORT const binade_plugin binade_plugin_v1 = { ... };
 *
 * Rules of the whole ABI:
 *   - Every struct begins with `struct_size`, set by the side that allocates it. Neither side may access members
 *     beyond the other's size. The exceptions are binade_string, binade_label and binade_scalar: they never grow,
 *     because they are used in arrays and by value.
 *   - Set members named `reserved` to 0 and ignore them when reading.
 *   - Every call that can fail returns a status and takes an error sink. Exceptions and longjmp must not cross the
 *     boundary.
 *   - Each side frees what it allocated. Pointers passed to a call are borrowed until that call returns.
 *   - Each call states its thread: [main] before and after training, [train] the training thread, [worker] any of
 *     several threads at once, [logger] the one thread of that logger. Use a call's arguments on that call's thread
 *     only; only binade_host may be used on any thread.
 *
 * Stability: a plugin of this major loads in every host of this major, older or newer. Later minors only append struct
 * members and constants, marked "since 1.1". The host copies a plugin's table into a zeroed one of its own size. A
 * plugin must check BINADE_HAS() before it uses a member added after 1.0 (the C++ and Rust SDKs do), and must ignore
 * constants that it does not know. A plugin that requires a minor states `needs_abi = "1.1"` in its manifest; older
 * hosts refuse it. */
#ifndef BINADE_ABI_PLUGIN_H
#define BINADE_ABI_PLUGIN_H

#include <stdint.h>

#define BINADE_ABI_MAJOR 1
#define BINADE_ABI_MINOR 2

/* True if the struct that `self` points to, allocated by the other side, has `member`. */
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

/* The status that a call returns: BINADE_OK, or another one after calling error->set(). The host treats an unknown
 * status as BINADE_FAILED. */
#define BINADE_OK 0
#define BINADE_FAILED 1           /* any failure that none of the statuses below describes */
#define BINADE_INVALID_ARGUMENT 2 /* the plugin does not support the value of an option or argument */
#define BINADE_NOT_FOUND 3        /* a file, a name or an option does not exist */
#define BINADE_BAD_DATA 4         /* the data is invalid: the message names file, line or sample */
#define BINADE_OUT_OF_MEMORY 5
#define BINADE_UNIMPLEMENTED 6

/* Receives the reason of a failure. Owned by the host. set() copies the message; call it at most once per call. */
typedef struct binade_error {
  uint32_t struct_size;
  uint32_t reserved;
  void (*set)(struct binade_error* self, int32_t status, binade_string message);
} binade_error;

/* Types of option values, with their names in manifests. */
#define BINADE_TYPE_BOOLEAN 1 /* "boolean": `integer` is 0 or 1 */
#define BINADE_TYPE_INTEGER 2 /* "integer" */
#define BINADE_TYPE_NUMBER 3  /* "number": finite */
#define BINADE_TYPE_STRING 4  /* "string" */
#define BINADE_TYPE_PATH 5    /* "path": absolute, in `string`; the host resolves it against the experiment file */

typedef struct binade_value {
  uint32_t struct_size;
  uint32_t type;
  int64_t integer;
  double number;
  binade_string string;
} binade_value;

/* The plugin's table in the experiment, checked against the manifest, with defaults filled in and `default_from`
 * resolved. Valid only during create(). A key of a nested table has a dotted name, "limits.low". */
typedef struct binade_options {
  uint32_t struct_size;
  uint32_t reserved;
  /* Number of values: 1 for a scalar, the length for an array, 0 for an optional option that was not given. */
  uint64_t (*count)(const struct binade_options* self, binade_string name);
  /* Fills `out` (the caller sets its struct_size) with value number `index`; BINADE_NOT_FOUND if index >= count. */
  int32_t (*get)(const struct binade_options* self, binade_string name, uint64_t index, binade_value* out);
} binade_options;

#define BINADE_LOG_DEBUG 0
#define BINADE_LOG_INFO 1
#define BINADE_LOG_WARNING 2
#define BINADE_LOG_ERROR 3

/* One series of a metric that the manifest declares under [metrics]. Opaque. */
typedef struct binade_series binade_series;

/* Never grows, because it is used in arrays. */
typedef struct binade_label {
  binade_string name;
  binade_string value;
} binade_label;

/* The host's services, available from create() until destroy() returns. */
typedef struct binade_host {
  uint32_t struct_size;
  uint32_t reserved;
  /* [any thread] Writes one line to the host's log, tagged with the plugin's id. */
  void (*log)(const struct binade_host* self, int32_t level, binade_string message);
  /* [any thread] Returns the series of a declared metric with these label values: one for each label that the manifest
   * names, in any order. Returns NULL for anything else and counts it in binade_plugin_metrics_rejected_total. Look a
   * series up once: it stays valid as long as the host's services. */
  binade_series* (*series)(const struct binade_host* self, binade_string metric, const binade_label* labels,
                           uint64_t label_count);
  /* [any thread] Update a series; NULL is ignored. An invalid update (wrong metric type, a counter that would decrease,
   * a value that is not finite for a counter or histogram) changes nothing and is counted as above. */
  void (*add)(const struct binade_host* self, binade_series* series, double amount);    /* counter, gauge */
  void (*set)(const struct binade_host* self, binade_series* series, double value);     /* gauge */
  void (*observe)(const struct binade_host* self, binade_series* series, double value); /* histogram */
  /* [any thread] Since 1.1. A cache folder, for files that the plugin can recreate, such as an index of its data. The
   * path is absolute, exists, and is the same in every run for this plugin id. Several processes may use it at once:
   * write to a temporary name, then rename. Empty if no folder is available; work without one then. Valid as long as
   * the host's services. */
  binade_string (*cache_folder)(const struct binade_host* self);
} binade_host;

#define BINADE_KIND_DATASET 1
#define BINADE_KIND_PRECISION 2
#define BINADE_KIND_LOGGER 3
#define BINADE_KIND_MODEL 4

/* The exported symbol. Reading it does not run any code. */
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
