// A text as a lock: what is one reads back as it is written.
#include "host/loading/lock/experiment_lock.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace binade::host;
  try {
    const auto text = to_toml(parse_lock({reinterpret_cast<const char*>(data), size}, "some.lock"));
    if (to_toml(parse_lock(text, "some.lock")) != text) __builtin_trap();
  } catch (const PluginRefused& refused) {
    if (refused.code() != "E0313") __builtin_trap();
  }
  return 0;
}
