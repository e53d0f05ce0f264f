/* Tests the dataset by calling it as the host does. */
#undef NDEBUG
#include <assert.h>
#include <binade/abi/dataset.h>
#include <binade/abi/testing.h>
#include <math.h>

extern const binade_plugin binade_plugin_v1;

static const binade_test_option given[] = {{"noise", {sizeof(binade_value), BINADE_TYPE_NUMBER, 0, 0.0, {NULL, 0}}}};

int main(void) {
  static float wave[64], again[64];
  static int64_t label;
  const int64_t shape[] = {1, 64};
  binade_buffer features = {sizeof(features), BINADE_FLOAT32, wave, sizeof(wave), shape, 2, 0};
  binade_buffer labels = {sizeof(labels), BINADE_INT64, &label, sizeof(label), shape, 1, 0};
  binade_buffer* const buffers[] = {&features, &labels};
  const uint64_t index = 7;
  const binade_read request = {sizeof(request), 0, &index, 1, 0, 0, 1, 0, buffers, 2};
  const binade_dataset_table* table = binade_plugin_v1.table;
  binade_test test;
  void* self = NULL;

  binade_test_begin(&test, given, 0);
  assert(table->create(&test.host, &test.options, &self, &test.error) == BINADE_INVALID_ARGUMENT);
  binade_test_begin(&test, given, 1);
  assert(table->create(&test.host, &test.options, &self, &test.error) == BINADE_OK);
  assert(table->read(self, &request, &test.error) == BINADE_OK);
  assert(label == 3);
  for (int i = 0; i < 64; ++i) assert(fabsf(wave[i]) <= 1);
  features.data = again;
  assert(table->read(self, &request, &test.error) == BINADE_OK);
  assert(memcmp(wave, again, sizeof(wave)) == 0);
  table->destroy(self);
  return 0;
}
