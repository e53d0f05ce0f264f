// Any bytes as the metrics.jsonl of a run that is resumed: what stays of them is whole lines, and all of those
// stay when it is resumed again.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "host/storage/metrics_offset.h"

using namespace binade::host;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

std::uint64_t until(std::string_view bytes, std::uint64_t step, std::uint64_t evaluated_step) {
  static const int file = memfd_create("metrics", 0);
  require(ftruncate(file, 0) == 0);
  require(pwrite(file, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return metrics_offset_at("/proc/self/fd/" + std::to_string(file), step, evaluated_step).bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint64_t step = data[0] >> 4, evaluated_step = data[0] & 15;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto stays = until(bytes, step, evaluated_step);
  require(stays <= bytes.size());
  require(stays == 0 || bytes[stays - 1] == '\n');
  require(until(bytes.substr(0, stays), step, evaluated_step) == stays);
  require(until(bytes, step + 1, evaluated_step + 1) >= stays);
  return 0;
}
