/* Tests the logger by calling it as the host does. */
#undef NDEBUG
#include <assert.h>
#include <binade/abi/logger.h>
#include <binade/abi/testing.h>

extern const binade_plugin binade_plugin_v1;

static const binade_test_option given[] = {
    {"file", {sizeof(binade_value), BINADE_TYPE_STRING, 0, 0, {"losses_test.txt", 15}}},
    {"every", {sizeof(binade_value), BINADE_TYPE_INTEGER, 2, 0, {NULL, 0}}}};

/* Logs a new run if `checkpoint` is 0, else a resumed one. */
static void tell_steps(uint64_t first, uint64_t last, uint64_t checkpoint) {
  const binade_logger_table* table = binade_plugin_v1.table;
  const binade_run_start_event start = {.event = {sizeof(start), BINADE_EVENT_RUN_START, 0}, .directory = {".", 1}};
  const binade_resumed_event resumed = {.event = {sizeof(resumed), BINADE_EVENT_RESUMED, 0}, .step = checkpoint};
  binade_step_event step = {.event = {sizeof(step), BINADE_EVENT_STEP, 0}, .loss = 0.5};
  binade_test test;
  void* self = NULL;

  binade_test_begin(&test, given, 2);
  assert(table->create(&test.host, &test.options, &self, &test.error) == BINADE_OK);
  assert(table->write(self, &start.event, &test.error) == BINADE_OK);
  if (checkpoint != 0) assert(table->write(self, &resumed.event, &test.error) == BINADE_OK);
  for (step.step = first; step.step <= last; ++step.step) {
    assert(table->write(self, &step.event, &test.error) == BINADE_OK);
  }
  table->destroy(self);
}

static void expect_written(const char* wanted) {
  char text[64];
  FILE* file = fopen("losses_test.txt", "r");
  assert(file != NULL);
  text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
  fclose(file);
  assert(strcmp(text, wanted) == 0);
}

int main(void) {
  FILE* file = NULL;
  remove("losses_test.txt");
  tell_steps(1, 4, 0);
  expect_written("2 0.5\n4 0.5\n");

  file = fopen("losses_test.txt", "a"); /* killed while it wrote a line */
  assert(file != NULL);
  fputs("6 0.", file);
  fclose(file);
  tell_steps(3, 6, 2);
  expect_written("2 0.5\n4 0.5\n6 0.5\n");
  return 0;
}
