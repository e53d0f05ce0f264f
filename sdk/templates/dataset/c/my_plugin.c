/* Noisy sine waves, to be classified by which of four frequencies they have. */
#include <binade/abi/dataset.h>
#include <math.h>
#include <stdlib.h>

enum { values = 64, classes = 4, samples = 4000 };

typedef struct MyPlugin {
  double noise;
} MyPlugin;

static int32_t fail(binade_error* error, int32_t status, const char* message, uint64_t size) {
  error->set(error, status, (binade_string){message, size});
  return status;
}

static int32_t create(const binade_host* host, const binade_options* options, void** self, binade_error* error) {
  static const char no_noise[] = "the option noise is missing";
  binade_value noise = {sizeof(noise), 0, 0, 0, {NULL, 0}};
  MyPlugin* plugin = malloc(sizeof(*plugin));
  (void)host;
  if (plugin == NULL) return fail(error, BINADE_OUT_OF_MEMORY, "out of memory", 13);
  if (options->get(options, (binade_string){"noise", 5}, 0, &noise) != BINADE_OK) {
    free(plugin);
    return fail(error, BINADE_INVALID_ARGUMENT, no_noise, sizeof(no_noise) - 1);
  }
  plugin->noise = noise.number;
  *self = plugin;
  return BINADE_OK;
}

static void destroy(void* self) { free(self); }

static void add_number(binade_description* to, binade_string name, int64_t number) {
  const binade_value value = {sizeof(value), BINADE_TYPE_INTEGER, number, 0, {NULL, 0}};
  to->add_fact(to, name, &value);
}

static void add_text(binade_description* to, binade_string name, binade_string text) {
  const binade_value value = {sizeof(value), BINADE_TYPE_STRING, 0, 0, text};
  to->add_fact(to, name, &value);
}

static int32_t describe(void* self, binade_description* to, binade_error* error) {
  static const int64_t shape[] = {values};
  const binade_field features = {sizeof(features), BINADE_FLOAT32, {"features", 8}, shape, 1, 0, 0};
  const binade_field label = {sizeof(label), BINADE_INT64, {"label", 5}, NULL, 0, 0, 0};
  (void)self;
  (void)error;
  to->add_split(to, (binade_string){"train", 5}, samples);
  to->add_field(to, &features);
  to->add_field(to, &label);
  add_number(to, (binade_string){"features", 8}, values);
  add_number(to, (binade_string){"classes", 7}, classes);
  add_text(to, (binade_string){"loss", 4}, (binade_string){"cross_entropy", 13});
  add_text(to, (binade_string){"target", 6}, (binade_string){"label", 5});
  to->set_independent(to, 1);
  return BINADE_OK;
}

/* SplitMix64, uniform in [0, 1): a sample depends on its index alone. */
static double uniform(uint64_t* state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/* Called by several threads at once. The same request must always give the same bytes. */
static int32_t read(void* self, const binade_read* request, binade_error* error) {
  const MyPlugin* plugin = self;
  float* wave = request->buffers[0]->data;
  int64_t* label = request->buffers[1]->data;
  (void)error;
  for (uint64_t sample = 0; sample < request->count; ++sample, wave += values) {
    uint64_t state = request->indices[sample] * 1000003;
    const double phase = uniform(&state);
    label[sample] = (int64_t)(request->indices[sample] % classes);
    for (int i = 0; i < values; ++i) {
      const double turns = (double)(label[sample] + 1) * i / values + phase;
      wave[i] = (float)(sin(6.2832 * turns) + plugin->noise * (uniform(&state) - 0.5));
    }
  }
  return BINADE_OK;
}

static const binade_dataset_table table = {
    .struct_size = sizeof(table), .create = create, .destroy = destroy, .describe = describe, .read = read};

BINADE_PLUGIN_EXPORT const binade_plugin binade_plugin_v1 = {sizeof(binade_plugin), BINADE_ABI_MAJOR, BINADE_ABI_MINOR,
                                                             BINADE_KIND_DATASET, &table};
