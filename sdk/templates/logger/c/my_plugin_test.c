/* What the logger promises, called as the host calls it. */
#undef NDEBUG
#include <assert.h>
#include <binade/abi/logger.h>
#include <binade/abi/testing.h>

extern const binade_plugin binade_plugin_v1;

static const binade_test_option given[] = {
    {"file", {sizeof(binade_value), BINADE_TYPE_PATH, 0, 0, {"losses_test.txt", 15}}},
    {"every", {sizeof(binade_value), BINADE_TYPE_INTEGER, 2, 0, {NULL, 0}}}};

int main(void) {
  const binade_logger_table* table = binade_plugin_v1.table;
  binade_step_event step = {.event = {sizeof(step), BINADE_EVENT_STEP, 0}, .loss = 0.5};
  char text[64];
  FILE* file = NULL;
  binade_test test;
  void* self = NULL;

  binade_test_begin(&test, given, 2);
  assert(table->create(&test.host, &test.options, &self, &test.error) == BINADE_OK);
  for (step.step = 1; step.step <= 4; ++step.step) assert(table->write(self, &step.event, &test.error) == BINADE_OK);
  table->destroy(self);

  file = fopen("losses_test.txt", "r");
  assert(file != NULL);
  text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
  fclose(file);
  assert(strcmp(text, "2 0.5\n4 0.5\n") == 0);
  return 0;
}
