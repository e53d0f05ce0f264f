/* Tests the policy by calling it as the host does. */
#undef NDEBUG
#include <assert.h>
#include <binade/abi/precision.h>
#include <binade/abi/testing.h>

extern const binade_plugin binade_plugin_v1;

static const binade_test_option given[] = {{"growth", {sizeof(binade_value), BINADE_TYPE_NUMBER, 0, 1.5, {NULL, 0}}}};

int main(void) {
  const binade_precision_table* table = binade_plugin_v1.table;
  binade_policy policy = {.struct_size = sizeof(policy)};
  binade_outcome step = {.struct_size = sizeof(step), .step = 1, .scale = 1024};
  binade_decision decision = {sizeof(decision), 1, 1024};
  binade_test test;
  void* self = NULL;

  binade_test_begin(&test, given, 1);
  assert(table->create(&test.host, &test.options, &self, &test.error) == BINADE_OK);
  assert(table->policy(self, &policy, &test.error) == BINADE_OK);
  assert(policy.compute_dtype == BINADE_FLOAT16);
  assert(table->update(self, &step, &decision, &test.error) == BINADE_OK);
  assert(decision.scale == 1536);
  step.found_inf = 1;
  assert(table->update(self, &step, &decision, &test.error) == BINADE_OK);
  assert(decision.scale == 512);
  table->destroy(self);
  return 0;
}
