/* A dataset in plain C: y = 2x. */
#include <binade/abi/dataset.h>
#include <stdlib.h>

typedef struct ramp {
  int64_t size;
} ramp;

static binade_string text(const char* data, uint64_t size) {
  const binade_string result = {data, size};
  return result;
}

static int32_t create(const binade_host* host, const binade_options* options, void** self, binade_error* error) {
  binade_value size = {sizeof(size), 0, 0, 0, {NULL, 0}};
  ramp* data = malloc(sizeof(*data));
  (void)host;
  if (data == NULL || options->get(options, text("size", 4), 0, &size) != BINADE_OK) {
    free(data);
    error->set(error, BINADE_FAILED, text("no memory, or no size", 21));
    return BINADE_FAILED;
  }
  data->size = size.integer;
  *self = data;
  return BINADE_OK;
}

static void destroy(void* self) { free(self); }

static int32_t describe(void* self, binade_description* description, binade_error* error) {
  static const int64_t shape[] = {1};
  const binade_value features = {sizeof(features), BINADE_TYPE_INTEGER, 1, 0, {NULL, 0}};
  binade_field field = {sizeof(field), BINADE_FLOAT32, {"x", 1}, shape, 1, 0, 0};
  (void)error;
  description->add_split(description, text("train", 5), (uint64_t)((const ramp*)self)->size);
  description->add_field(description, &field);
  field.name = text("y", 1);
  description->add_field(description, &field);
  description->add_fact(description, text("features", 8), &features);
  description->set_independent(description, 1);
  return BINADE_OK;
}

static int32_t read(void* self, const binade_read* request, binade_error* error) {
  float* x = request->buffers[0]->data;
  float* y = request->buffers[1]->data;
  uint64_t position;
  (void)self;
  (void)error;
  for (position = 0; position < request->count; ++position) {
    x[position] = (float)request->indices[position];
    y[position] = 2 * x[position];
  }
  return BINADE_OK;
}

static const binade_dataset_table table = {
    .struct_size = sizeof(table), .create = create, .destroy = destroy, .describe = describe, .read = read};

BINADE_PLUGIN_EXPORT const binade_plugin binade_plugin_v1 = {sizeof(binade_plugin), BINADE_ABI_MAJOR, BINADE_ABI_MINOR,
                                                             BINADE_KIND_DATASET, &table};
