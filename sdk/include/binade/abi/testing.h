/* A fake host for a plugin's own tests, in C11: options as an experiment would give them, an error sink that stores the
 * message, a log on standard error, metrics that the test can read, and a cache folder if the test sets one. Not
 * thread-safe. C++ tests use binade/testing.h, which is built on this.
 *
 *     static const binade_test_option given[] = {
 *         {"noise", {sizeof(binade_value), BINADE_TYPE_NUMBER, 0, 0.5, {NULL, 0}}}};
 *     binade_test test;
 *     binade_test_begin(&test, given, 1);
 *     assert(table->create(&test.host, &test.options, &self, &test.error) == BINADE_OK);
 *     assert(binade_test_metric(&test, "rows_skipped{reason=empty}") == 2);
 */
#ifndef BINADE_ABI_TESTING_H
#define BINADE_ABI_TESTING_H

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One value. Repeat the name to give a list. */
typedef struct binade_test_option {
  const char* name;
  binade_value value;
} binade_test_option;

#define BINADE_TEST_SERIES 64

/* A series that the plugin asked for. This host accepts every metric, as if the manifest declared it. */
typedef struct binade_test_series {
  char key[128]; /* "rows_skipped{reason=empty,split=train}", labels as the plugin gave them */
  double value;  /* of a counter or gauge, its value; of a histogram, the sum */
  uint64_t updates;
} binade_test_series;

typedef struct binade_test {
  binade_host host;
  binade_options options;
  binade_error error;
  const binade_test_option* given; /* must outlive the test */
  uint64_t given_count;
  const char* cache_folder; /* NULL until the test names one */
  char message[512];        /* of the last failing call, NUL-terminated */
  binade_test_series series[BINADE_TEST_SERIES];
  uint64_t series_count;
} binade_test;

static inline int32_t binade_test_is(binade_string name, const char* text) {
  return strlen(text) == name.size && memcmp(text, name.data, name.size) == 0;
}

static inline const binade_test* binade_test_of(const binade_options* options) {
  return (const binade_test*)(const void*)((const char*)options - offsetof(binade_test, options));
}

static inline uint64_t binade_test_count(const binade_options* self, binade_string name) {
  const binade_test* test = binade_test_of(self);
  uint64_t count = 0, i = 0;
  for (; i < test->given_count; ++i) count += binade_test_is(name, test->given[i].name) ? 1 : 0;
  return count;
}

static inline int32_t binade_test_get(const binade_options* self, binade_string name, uint64_t index,
                                      binade_value* out) {
  const binade_test* test = binade_test_of(self);
  uint64_t i = 0;
  for (; i < test->given_count; ++i) {
    if (binade_test_is(name, test->given[i].name) && index-- == 0) {
      *out = test->given[i].value;
      return BINADE_OK;
    }
  }
  return BINADE_NOT_FOUND;
}

static inline void binade_test_set(binade_error* self, int32_t status, binade_string message) {
  binade_test* test = (binade_test*)(void*)((char*)self - offsetof(binade_test, error));
  const uint64_t room = sizeof(test->message) - 1, size = message.size < room ? message.size : room;
  (void)status;
  if (size > 0) memcpy(test->message, message.data, size);
  test->message[size] = '\0';
}

static inline void binade_test_log(const binade_host* self, int32_t level, binade_string message) {
  (void)self;
  (void)level;
  fwrite(message.data, 1, message.size, stderr);
  fputc('\n', stderr);
}

static inline binade_test* binade_test_behind(const binade_host* host) {
  union {
    const char* given;
    char* owned;
  } place; /* the host is part of a binade_test, which is not const */
  place.given = (const char*)host - offsetof(binade_test, host);
  return (binade_test*)(void*)place.owned;
}

static inline void binade_test_append(char* key, const char* text, uint64_t size) {
  const uint64_t used = strlen(key), room = sizeof(((binade_test_series*)NULL)->key) - 1 - used;
  if (size > room) size = room;
  if (size > 0) memcpy(key + used, text, size);
  key[used + size] = '\0';
}

static inline binade_test_series* binade_test_find(const binade_test* test, const char* key) {
  uint64_t i = 0;
  for (; i < test->series_count; ++i) {
    if (strcmp(test->series[i].key, key) == 0) return &binade_test_behind(&test->host)->series[i];
  }
  return NULL;
}

static inline binade_series* binade_test_look_up(const binade_host* self, binade_string metric,
                                                 const binade_label* labels, uint64_t label_count) {
  binade_test* test = binade_test_behind(self);
  binade_test_series* series = &test->series[test->series_count];
  binade_test_series* known;
  uint64_t i = 0;
  if (test->series_count == BINADE_TEST_SERIES) return NULL;
  series->key[0] = '\0';
  binade_test_append(series->key, metric.data, metric.size);
  for (; i < label_count; ++i) {
    binade_test_append(series->key, i == 0 ? "{" : ",", 1);
    binade_test_append(series->key, labels[i].name.data, labels[i].name.size);
    binade_test_append(series->key, "=", 1);
    binade_test_append(series->key, labels[i].value.data, labels[i].value.size);
  }
  if (label_count > 0) binade_test_append(series->key, "}", 1);
  known = binade_test_find(test, series->key);
  if (known != NULL) return (binade_series*)(void*)known;
  ++test->series_count;
  return (binade_series*)(void*)series;
}

static inline void binade_test_update(const binade_host* self, binade_series* series, double amount) {
  binade_test_series* own = (binade_test_series*)(void*)series;
  (void)self;
  if (own == NULL) return;
  own->value += amount;
  ++own->updates;
}

static inline void binade_test_replace(const binade_host* self, binade_series* series, double value) {
  if (series != NULL) ((binade_test_series*)(void*)series)->value = 0;
  binade_test_update(self, series, value);
}

static inline binade_string binade_test_cache_folder(const binade_host* self) {
  const char* folder = binade_test_behind(self)->cache_folder;
  binade_string text = {folder, folder == NULL ? 0 : strlen(folder)};
  return text;
}

/* The value of a series by its key; 0 if the plugin never asked for it. */
static inline double binade_test_metric(const binade_test* test, const char* key) {
  const binade_test_series* series = binade_test_find(test, key);
  return series == NULL ? 0 : series->value;
}

/* Do not move or copy `test` afterwards: the plugin keeps a pointer to its host. */
static inline void binade_test_begin(binade_test* test, const binade_test_option* given, uint64_t count) {
  memset(test, 0, sizeof(*test));
  test->host.struct_size = sizeof(test->host);
  test->host.log = binade_test_log;
  test->host.series = binade_test_look_up;
  test->host.add = binade_test_update;
  test->host.set = binade_test_replace;
  test->host.observe = binade_test_update;
  test->host.cache_folder = binade_test_cache_folder;
  test->options.struct_size = sizeof(test->options);
  test->options.count = binade_test_count;
  test->options.get = binade_test_get;
  test->error.struct_size = sizeof(test->error);
  test->error.set = binade_test_set;
  test->given = given;
  test->given_count = count;
}

#ifdef __cplusplus
}
#endif
#endif
