// Reading and judging one plugin file.
#include "host/loading/plugin_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "binade/abi/plugin.h"
#include "host/loading/elf_note.h"

namespace binade::host {
namespace {

using Bytes = std::span<const std::byte>;

// Only the pages that are looked at are read.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) unreadable(path, errno_text());
    struct stat status {};
    const bool known = ::fstat(descriptor, &status) == 0;
    if (known && S_ISREG(status.st_mode) && status.st_size > 0 && status.st_size <= largest) {
      size_ = static_cast<std::size_t>(status.st_size);
      data_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    }
    const auto reason = errno_text();
    ::close(descriptor);
    if (!known || data_ == MAP_FAILED) unreadable(path, reason);
    if (!S_ISREG(status.st_mode)) unreadable(path, "it is no regular file");
    if (status.st_size > largest) unreadable(path, "it is larger than 2 GiB");
  }
  ~MappedFile() {
    if (data_ != nullptr) ::munmap(data_, size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  Bytes bytes() const { return {static_cast<const std::byte*>(data_), size_}; }

 private:
  static constexpr off_t largest = off_t{2} << 30;
  static std::string errno_text() { return std::generic_category().message(errno); }
  [[noreturn]] static void unreadable(const std::filesystem::path& path, const std::string& why) {
    throw PluginRefused("E0301", fmt::format("`{}` cannot be read: {}", path.string(), why));
  }

  void* data_ = nullptr;
  std::size_t size_ = 0;
};

std::uint32_t crc32(std::string_view text) {
  std::uint32_t crc = 0xFFFFFFFFu;
  for (const char character : text) {
    crc ^= static_cast<unsigned char>(character);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1u) != 0 ? 0xEDB88320u : 0u);
  }
  return ~crc;
}

[[noreturn]] void malformed(const std::string& name, const std::string& why) {
  throw PluginRefused("E0302", fmt::format("the note of `{}` is damaged: {}\nbuild the plugin again with "
                                           "binade_add_plugin(), which writes the note",
                                           name, why));
}

const ElfNote* only_note(const std::vector<ElfNote>& notes, std::uint32_t type, const std::string& name) {
  const ElfNote* found = nullptr;
  for (const auto& note : notes) {
    if (note.type != type) continue;
    // A header may carry the note into several objects of one library; they agree then.
    if (found != nullptr && !std::ranges::equal(found->description, note.description)) {
      malformed(name, "it carries two that differ");
    }
    found = &note;
  }
  return found;
}

std::string manifest_id(const std::string& text) {
  Diagnostics ignored;
  return parse_manifest(text, "", ignored).id;
}

// The TOML of a manifest note.
std::string manifest_text(Bytes note, const std::string& name) {
  binade_manifest_header header;
  if (note.size() < sizeof(header)) {
    malformed(name, fmt::format("its header has {} bytes, and {} are there", sizeof(header), note.size()));
  }
  std::memcpy(&header, note.data(), sizeof(header));
  if (std::memcmp(header.magic, BINADE_NOTE_MAGIC, sizeof(header.magic)) != 0) {
    malformed(name, fmt::format("it does not begin with {}", BINADE_NOTE_MAGIC));
  }
  const std::string advice = "build the plugin again with this Binade's SDK";
  if (header.note_version != BINADE_NOTE_VERSION) {
    throw PluginRefused("E0304", fmt::format("`{}` was built for another version of Binade\n"
                                             "host:   note version {}\nplugin: note version {}\n{}",
                                             name, BINADE_NOTE_VERSION, header.note_version, advice));
  }
  if (header.length > note.size() - sizeof(header)) {
    malformed(name,
              fmt::format("its manifest has {} bytes, and {} are there", header.length, note.size() - sizeof(header)));
  }
  std::string text(reinterpret_cast<const char*>(note.data()) + sizeof(header), header.length);
  if (const auto sum = crc32(text); sum != header.crc32) {
    throw PluginRefused("E0303", fmt::format("the manifest in `{}` is not the one that was built into it\n"
                                             "checksum stated: {:08x}\nchecksum found:  {:08x}\n"
                                             "the file was changed after it was built: copy it or build it again",
                                             name, header.crc32, sum));
  }
  if (header.abi_major != BINADE_ABI_MAJOR || header.abi_minor != BINADE_ABI_MINOR) {
    throw PluginRefused(
        "E0304",
        fmt::format("`{}` was built for another version of the plugin ABI\n"
                    "host:   ABI {}.{}\nplugin: ABI {}.{}\n{}",
                    name, BINADE_ABI_MAJOR, BINADE_ABI_MINOR, header.abi_major, header.abi_minor, advice),
        manifest_id(text));
  }
  return text;
}

Manifest judge_manifest(const std::string& text, const std::string& name) {
  Diagnostics diagnostics;
  auto manifest = parse_manifest(text, "manifest of " + name, diagnostics);
  if (!diagnostics.empty()) {
    throw PluginRefused("E0312",
                        fmt::format("the manifest in `{}` is wrong\n{}\ncorrect the plugin's .toml and build it again",
                                    name, diagnostics.render(false)),
                        manifest.id);
  }
  return manifest;
}

std::optional<binade_build_block> judge_build_block(const std::vector<ElfNote>& notes, const std::string& name) {
  const auto* note = only_note(notes, BINADE_NOTE_BUILD_BLOCK, name);
  if (note == nullptr) return std::nullopt;
  binade_build_block block;
  if (note->description.size() < sizeof(block)) {
    malformed(name,
              fmt::format("its build block has {} bytes, and {} are there", sizeof(block), note->description.size()));
  }
  std::memcpy(&block, note->description.data(), sizeof(block));
  return block;
}

}  // namespace

PluginFile judge_plugin_file(Bytes bytes, const std::filesystem::path& path) {
  const auto name = path.string();
  const auto notes = binade_notes(bytes, name);
  const auto* note = only_note(notes, BINADE_NOTE_MANIFEST, name);
  if (note == nullptr) {
    throw PluginRefused("E0301", fmt::format("`{}` is no Binade plugin: it carries no manifest\n"
                                             "build it with binade_add_plugin(), which embeds the .toml beside the "
                                             "source",
                                             name));
  }
  PluginFile file{path, judge_manifest(manifest_text(note->description, name), name), judge_build_block(notes, name)};
  if (file.manifest.kind == PluginKind::model && !file.build_block) {
    throw PluginRefused("E0302",
                        fmt::format("`{}` is a model without a build block, so nothing shows what it was built with\n"
                                    "include <binade/model.h> and build it with binade_add_plugin()",
                                    name),
                        file.manifest.id);
  }
  return file;
}

PluginFile read_plugin_file(const std::filesystem::path& path) {
  const MappedFile file(path);
  return judge_plugin_file(file.bytes(), std::filesystem::absolute(path));
}

std::optional<binade_build_block> read_build_block(const std::filesystem::path& path) {
  const MappedFile file(path);
  const auto name = path.string();
  return judge_build_block(binade_notes(file.bytes(), name), name);
}

}  // namespace binade::host
