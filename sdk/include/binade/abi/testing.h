/* A host for a plugin's own test, in C11: options as an experiment would give them, an error sink that remembers, and
 * a log on standard error. C++ tests use binade/testing.h, which is built on this.
 *
 *     static const binade_test_option given[] = {{"noise", {sizeof(binade_value), BINADE_TYPE_NUMBER, 0, 0.5, {0,
 * 0}}}}; binade_test test; binade_test_begin(&test, given, 1); assert(table->create(&test.host, &test.options, &self,
 * &test.error) == BINADE_OK);
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

/* One value. Several of one name are a list. */
typedef struct binade_test_option {
  const char* name;
  binade_value value;
} binade_test_option;

typedef struct binade_test {
  binade_host host;
  binade_options options;
  binade_error error;
  const binade_test_option* given; /* as long as the test */
  uint64_t given_count;
  char message[512]; /* what the last failing call said, NUL-terminated */
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

/* `test` stays where it is: the plugin keeps a pointer to its host. The host offers the log and nothing else. */
static inline void binade_test_begin(binade_test* test, const binade_test_option* given, uint64_t count) {
  memset(test, 0, sizeof(*test));
  test->host.struct_size = offsetof(binade_host, log) + sizeof(test->host.log);
  test->host.log = binade_test_log;
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
