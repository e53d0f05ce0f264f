/* Prints the sizes of the headers' structs under the names that the crate gives them. The host's services may be more
 * than the crate knows of. */
#include <binade/abi/dataset.h>
#include <binade/abi/logger.h>
#include <binade/abi/precision.h>
#include <stdio.h>

static void print(const char* name, size_t size) { printf("%s %zu\n", name, size); }

int main(void) {
  printf("ABI %d.%d\n", BINADE_ABI_MAJOR, BINADE_ABI_MINOR);
  print("Text", sizeof(binade_string));
  print("Error", sizeof(binade_error));
  print("Value", sizeof(binade_value));
  print("Options", sizeof(binade_options));
  print("Plugin", sizeof(binade_plugin));
  print("Field", sizeof(binade_field));
  print("Description", sizeof(binade_description));
  print("Buffer", sizeof(binade_buffer));
  print("Read", sizeof(binade_read));
  print("DatasetTable", sizeof(binade_dataset_table));
  print("Policy", sizeof(binade_policy));
  print("Outcome", sizeof(binade_outcome));
  print("Decision", sizeof(binade_decision));
  print("State", sizeof(binade_state));
  print("PrecisionTable", sizeof(binade_precision_table));
  print("Event", sizeof(binade_event));
  print("Step", sizeof(binade_step_event));
  print("LoggerTable", sizeof(binade_logger_table));
  return 0;
}
