// Reads build-ids from the program headers of the libraries that the dynamic linker has mapped.
#include "host/engine/device/libtorch_identity.h"

#include <elf.h>
#include <link.h>

#include <cstring>
#include <string_view>

namespace binade::host {
namespace {

struct Search {
  std::string_view file_name;
  std::string path, build_id;
};

std::string hexadecimal(const unsigned char* bytes, std::size_t count) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t position = 0; position < count; ++position) {
    text += digits[bytes[position] >> 4];
    text += digits[bytes[position] & 15];
  }
  return text;
}

std::string build_id_in(const char* notes, std::size_t size) {
  std::size_t offset = 0;
  while (offset + sizeof(ElfW(Nhdr)) <= size) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes + offset, sizeof(note));
    const std::size_t name = offset + sizeof(note);
    const std::size_t description = name + ((note.n_namesz + 3u) & ~std::size_t{3});
    if (description + note.n_descsz > size) break;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(notes + name, "GNU", 4) == 0) {
      return hexadecimal(reinterpret_cast<const unsigned char*>(notes + description), note.n_descsz);
    }
    offset = description + ((note.n_descsz + 3u) & ~std::size_t{3});
  }
  return {};
}

int visit(dl_phdr_info* library, std::size_t, void* data) {
  auto& search = *static_cast<Search*>(data);
  const std::string_view path = library->dlpi_name;
  if (path.substr(path.rfind('/') + 1) != search.file_name) return 0;
  search.path = path;
  for (int index = 0; index < library->dlpi_phnum && search.build_id.empty(); ++index) {
    const auto& segment = library->dlpi_phdr[index];
    if (segment.p_type != PT_NOTE) continue;
    // The linker gives addresses as integers. NOLINTNEXTLINE(performance-no-int-to-ptr)
    search.build_id = build_id_in(reinterpret_cast<const char*>(library->dlpi_addr + segment.p_vaddr), segment.p_memsz);
  }
  return 1;
}

std::string compare(std::string_view file_name, std::string_view expected) {
  Search search{file_name, {}, {}};
  dl_iterate_phdr(visit, &search);
  if (search.build_id == expected) return {};
  return std::string(file_name) + " has build-id " + (search.build_id.empty() ? "(none)" : search.build_id) +
         ", the engine was built against " + std::string(expected) + "\n  file: " + search.path;
}

}  // namespace

std::string libtorch_mismatch() {
  const auto c10 = compare("libc10.so", BINADE_C10_BUILD_ID);
  return c10.empty() ? compare("libtorch_cpu.so", BINADE_TORCH_CPU_BUILD_ID) : c10;
}

}  // namespace binade::host
