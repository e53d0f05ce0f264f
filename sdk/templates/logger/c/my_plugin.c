/* Writes the loss of every Nth step to a file in the run's folder. */
#include <binade/abi/logger.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct MyPlugin {
  char* name;
  FILE* file; /* NULL before run_start */
  uint64_t every;
} MyPlugin;

static int32_t fail(binade_error* error, int32_t status, const char* message) {
  error->set(error, status, (binade_string){message, strlen(message)});
  return status;
}

/* Returns a copy of FOLDER/NAME, or of NAME if the folder is empty; NULL if out of memory. */
static char* join(binade_string folder, binade_string name) {
  const uint64_t begin = folder.size == 0 ? 0 : folder.size + 1;
  char* path = malloc(begin + name.size + 1);
  if (path == NULL) return NULL;
  if (begin > 0) {
    memcpy(path, folder.data, folder.size);
    path[folder.size] = '/';
  }
  memcpy(path + begin, name.data, name.size);
  path[begin + name.size] = '\0';
  return path;
}

static int32_t create(const binade_host* host, const binade_options* options, void** self, binade_error* error) {
  binade_value file = {sizeof(file), 0, 0, 0, {NULL, 0}}, every = file;
  MyPlugin* plugin = NULL;
  (void)host;
  if (options->get(options, (binade_string){"file", 4}, 0, &file) != BINADE_OK ||
      options->get(options, (binade_string){"every", 5}, 0, &every) != BINADE_OK) {
    return fail(error, BINADE_INVALID_ARGUMENT, "the option file or the option every is missing");
  }
  plugin = calloc(1, sizeof(*plugin));
  if (plugin == NULL) return fail(error, BINADE_OUT_OF_MEMORY, "out of memory");
  plugin->every = (uint64_t)every.integer;
  plugin->name = join((binade_string){NULL, 0}, file.string);
  if (plugin->name == NULL) {
    free(plugin);
    return fail(error, BINADE_OUT_OF_MEMORY, "out of memory");
  }
  *self = plugin;
  return BINADE_OK;
}

static void destroy(void* self) {
  MyPlugin* plugin = self;
  if (plugin->file != NULL) fclose(plugin->file);
  free(plugin->name);
  free(plugin);
}

static int32_t run_start(MyPlugin* plugin, const binade_run_start_event* event, binade_error* error) {
  char* path = join(event->directory, (binade_string){plugin->name, strlen(plugin->name)});
  if (path == NULL) return fail(error, BINADE_OUT_OF_MEMORY, "out of memory");
  plugin->file = fopen(path, "a+");
  free(path);
  return plugin->file != NULL ? BINADE_OK : fail(error, BINADE_NOT_FOUND, "the file cannot be written");
}

/* A process that was killed may have written steps after its checkpoint, and an incomplete line. */
static int32_t resumed(MyPlugin* plugin, const binade_resumed_event* event, binade_error* error) {
  char line[64];
  long kept = 0;
  rewind(plugin->file);
  while (fgets(line, sizeof(line), plugin->file) != NULL && strchr(line, '\n') != NULL &&
         strtoull(line, NULL, 10) <= event->step) {
    kept = ftell(plugin->file);
  }
  if (ferror(plugin->file) || fseek(plugin->file, 0, SEEK_END) != 0 || ftruncate(fileno(plugin->file), kept) != 0) {
    return fail(error, BINADE_FAILED, "the file cannot be truncated");
  }
  return BINADE_OK;
}

static int32_t step(MyPlugin* plugin, const binade_step_event* event, binade_error* error) {
  if (event->step % plugin->every != 0) return BINADE_OK;
  if (fprintf(plugin->file, "%" PRIu64 " %g\n", event->step, event->loss) < 0) {
    return fail(error, BINADE_FAILED, "the file cannot be written");
  }
  return BINADE_OK;
}

static int32_t write_event(void* self, const binade_event* event, binade_error* error) {
  MyPlugin* plugin = self; /* each event begins with its binade_event */
  if (event->type == BINADE_EVENT_RUN_START) return run_start(plugin, (const binade_run_start_event*)event, error);
  if (plugin->file == NULL) return fail(error, BINADE_FAILED, "the file is not open");
  if (event->type == BINADE_EVENT_RESUMED) return resumed(plugin, (const binade_resumed_event*)event, error);
  if (event->type == BINADE_EVENT_STEP) return step(plugin, (const binade_step_event*)event, error);
  return BINADE_OK;
}

static int32_t flush(void* self, binade_error* error) {
  FILE* file = ((MyPlugin*)self)->file;
  if (file == NULL || fflush(file) == 0) return BINADE_OK;
  return fail(error, BINADE_FAILED, "the file cannot be written");
}

static const binade_logger_table table = {
    .struct_size = sizeof(table), .create = create, .destroy = destroy, .write = write_event, .flush = flush};

BINADE_PLUGIN_EXPORT const binade_plugin binade_plugin_v1 = {sizeof(binade_plugin), BINADE_ABI_MAJOR, BINADE_ABI_MINOR,
                                                             BINADE_KIND_LOGGER, &table};
