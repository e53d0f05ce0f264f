// Any bytes as a safetensors file: refused, or every tensor lies in it and shares no byte with another; and what is
// written of them reads back the same.
#include <cstdlib>

#include "host/storage/safetensors.h"
#include "host/storage/safetensors_reading.h"

using namespace binade::host;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

std::string written(const SafetensorsFile& file) {
  std::string bytes;
  write_safetensors([&](const void* data, std::size_t size) { bytes.append(static_cast<const char*>(data), size); },
                    file.tensors, file.metadata);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  SafetensorsFile file;
  try {
    file = parse_safetensors(std::string(reinterpret_cast<const char*>(data), size));
  } catch (const std::runtime_error&) {
    return 0;
  }
  const char* next = file.tensors.empty() ? nullptr : static_cast<const char*>(file.tensors.front().data);
  for (const auto& tensor : file.tensors) {
    require(tensor.data == next);
    next += tensor.bytes;
  }
  require(next == nullptr || next == file.bytes.data() + file.bytes.size());
  const auto bytes = written(file);
  require(written(parse_safetensors(bytes)) == bytes);
  return 0;
}
