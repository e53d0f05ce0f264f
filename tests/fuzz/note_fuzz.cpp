// Bytes as a plugin file: its ELF header, segments, sections, notes, symbols, manifest. Once as they are, and once with
// a right checksum of the manifest, behind which no mutation would come otherwise.
#include <algorithm>
#include <boost/crc.hpp>
#include <cstring>

#include "host/loading/plugin_file.h"

namespace {

using Bytes = std::vector<std::byte>;

void judge(const Bytes& bytes) {
  try {
    binade::host::judge_plugin_file(bytes, "plugin.so");
  } catch (const binade::host::PluginRefused& refused) {
    if (std::string_view(refused.what()).find("plugin.so") == std::string_view::npos) __builtin_trap();
  }
}

void correct_checksum(Bytes& bytes) {
  constexpr std::string_view magic = BINADE_NOTE_MAGIC;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto found = text.find(magic);
  binade_manifest_header header;
  if (found == std::string_view::npos || bytes.size() - found < sizeof(header)) return;
  std::memcpy(&header, bytes.data() + found, sizeof(header));
  const auto room = bytes.size() - found - sizeof(header);
  boost::crc_32_type sum;
  sum.process_bytes(bytes.data() + found + sizeof(header), std::min<std::size_t>(header.length, room));
  header.crc32 = sum.checksum();
  std::memcpy(bytes.data() + found, &header, sizeof(header));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  Bytes bytes(size);
  if (size > 0) std::memcpy(bytes.data(), data, size);
  judge(bytes);
  correct_checksum(bytes);
  judge(bytes);
  return 0;
}
