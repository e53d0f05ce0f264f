/* fp16 with a loss scale that grows a little in every step and is halved by an overflow. */
#include <binade/abi/precision.h>
#include <stdlib.h>

typedef struct MyPlugin {
  double growth;
} MyPlugin;

static int32_t create(const binade_host* host, const binade_options* options, void** self, binade_error* error) {
  binade_value growth = {sizeof(growth), 0, 0, 0, {NULL, 0}};
  MyPlugin* plugin = malloc(sizeof(*plugin));
  (void)host;
  if (plugin == NULL || options->get(options, (binade_string){"growth", 6}, 0, &growth) != BINADE_OK) {
    free(plugin);
    error->set(error, BINADE_FAILED, (binade_string){"out of memory, or the option growth is missing", 46});
    return BINADE_FAILED;
  }
  plugin->growth = growth.number;
  *self = plugin;
  return BINADE_OK;
}

static void destroy(void* self) { free(self); }

static int32_t policy(void* self, binade_policy* policy, binade_error* error) {
  (void)self;
  (void)error;
  policy->compute_dtype = BINADE_FLOAT16;
  policy->autocast = 1;
  policy->dynamic_scaling = 1;
  policy->init_scale = 1024;
  return BINADE_OK;
}

static int32_t update(void* self, const binade_outcome* outcome, binade_decision* decision, binade_error* error) {
  const MyPlugin* plugin = self;
  (void)error;
  decision->scale = outcome->found_inf != 0 ? outcome->scale / 2 : outcome->scale * plugin->growth;
  return BINADE_OK;
}

static const binade_precision_table table = {
    .struct_size = sizeof(table), .create = create, .destroy = destroy, .policy = policy, .update = update};

BINADE_PLUGIN_EXPORT const binade_plugin binade_plugin_v1 = {sizeof(binade_plugin), BINADE_ABI_MAJOR, BINADE_ABI_MINOR,
                                                             BINADE_KIND_PRECISION, &table};
