/* Writes the loss of every so many steps to a file. */
#include <binade/abi/logger.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct MyPlugin {
  FILE* file;
  uint64_t every;
} MyPlugin;

static int32_t fail(binade_error* error, int32_t status, const char* message) {
  error->set(error, status, (binade_string){message, strlen(message)});
  return status;
}

static FILE* open_file(binade_string path) {
  char* name = malloc(path.size + 1);
  FILE* file = NULL;
  if (name == NULL) return NULL;
  memcpy(name, path.data, path.size);
  name[path.size] = '\0';
  file = fopen(name, "w");
  free(name);
  return file;
}

static int32_t create(const binade_host* host, const binade_options* options, void** self, binade_error* error) {
  binade_value file = {sizeof(file), 0, 0, 0, {NULL, 0}}, every = file;
  MyPlugin* plugin = NULL;
  (void)host;
  if (options->get(options, (binade_string){"file", 4}, 0, &file) != BINADE_OK ||
      options->get(options, (binade_string){"every", 5}, 0, &every) != BINADE_OK) {
    return fail(error, BINADE_INVALID_ARGUMENT, "there is no option file, or no option every");
  }
  plugin = malloc(sizeof(*plugin));
  if (plugin == NULL) return fail(error, BINADE_OUT_OF_MEMORY, "out of memory");
  plugin->every = (uint64_t)every.integer;
  plugin->file = open_file(file.string);
  if (plugin->file == NULL) {
    free(plugin);
    return fail(error, BINADE_NOT_FOUND, "the file cannot be written");
  }
  *self = plugin;
  return BINADE_OK;
}

static void destroy(void* self) {
  fclose(((MyPlugin*)self)->file);
  free(self);
}

static int32_t write(void* self, const binade_event* event, binade_error* error) {
  const MyPlugin* plugin = self;
  const binade_step_event* step = (const binade_step_event*)event; /* each event begins with its binade_event */
  if (event->type != BINADE_EVENT_STEP || step->step % plugin->every != 0) return BINADE_OK;
  if (fprintf(plugin->file, "%" PRIu64 " %g\n", step->step, step->loss) < 0) {
    return fail(error, BINADE_FAILED, "the file cannot be written");
  }
  return BINADE_OK;
}

static int32_t flush(void* self, binade_error* error) {
  return fflush(((MyPlugin*)self)->file) == 0 ? BINADE_OK : fail(error, BINADE_FAILED, "the file cannot be written");
}

static const binade_logger_table table = {
    .struct_size = sizeof(table), .create = create, .destroy = destroy, .write = write, .flush = flush};

BINADE_PLUGIN_EXPORT const binade_plugin binade_plugin_v1 = {sizeof(binade_plugin), BINADE_ABI_MAJOR, BINADE_ABI_MINOR,
                                                             BINADE_KIND_LOGGER, &table};
