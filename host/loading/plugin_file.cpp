// Reads and checks one plugin file.
#include "host/loading/plugin_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "binade/abi/plugin.h"
#include "host/loading/elf/elf_note.h"
#include "host/loading/elf/exported_symbol.h"
#include "host/loading/elf/mapped_file.h"

namespace binade::host {
namespace {

using Bytes = std::span<const std::byte>;

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
    // A header may put the note into several objects of one library. Then they are equal.
    if (found != nullptr && !std::ranges::equal(found->description, note.description)) {
      malformed(name, "it has two different notes");
    }
    found = &note;
  }
  return found;
}

std::string manifest_id(const std::string& text) {
  Diagnostics ignored;
  return parse_manifest(text, "", ignored).id;
}

struct ManifestNote {
  std::string text;  // TOML
  std::uint32_t abi_minor, crc32;
};

ManifestNote read_manifest_note(Bytes note, const std::string& name) {
  binade_manifest_header header;
  if (note.size() < sizeof(header)) {
    malformed(name, fmt::format("its header needs {} bytes, but the note has {}", sizeof(header), note.size()));
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
  if (header.length != note.size() - sizeof(header)) {
    malformed(name, fmt::format("its manifest needs {} bytes, but the note has {}", header.length,
                                note.size() - sizeof(header)));
  }
  std::string text(reinterpret_cast<const char*>(note.data()) + sizeof(header), header.length);
  if (const auto sum = crc32(text); sum != header.crc32) {
    throw PluginRefused("E0303", fmt::format("the manifest in `{}` does not match its checksum\n"
                                             "checksum stated: {:08x}\nchecksum found:  {:08x}\n"
                                             "the file was changed after it was built: copy it or build it again",
                                             name, header.crc32, sum));
  }
  if (header.abi_major != BINADE_ABI_MAJOR) {
    throw PluginRefused(
        "E0304",
        fmt::format("`{}` was built for another version of the plugin ABI\n"
                    "host:   ABI {}.{}\nplugin: ABI {}.{}\n{}",
                    name, BINADE_ABI_MAJOR, BINADE_ABI_MINOR, header.abi_major, header.abi_minor, advice),
        manifest_id(text));
  }
  return {std::move(text), header.abi_minor, header.crc32};
}

void require_minor(const Manifest& manifest, const std::string& name) {
  if (!manifest.needs_abi) return;
  const auto [major, minor] = *manifest.needs_abi;
  if (major == BINADE_ABI_MAJOR && minor <= BINADE_ABI_MINOR) return;
  throw PluginRefused("E0304",
                      fmt::format("`{}` needs another version of the plugin ABI, as its manifest says\n"
                                  "host:   ABI {}.{}\nplugin: needs_abi = \"{}.{}\"\n"
                                  "install a newer Binade, or an older version of the plugin",
                                  name, BINADE_ABI_MAJOR, BINADE_ABI_MINOR, major, minor),
                      manifest.id);
}

Manifest judge_manifest(const std::string& text, const std::string& name) {
  Diagnostics diagnostics;
  auto manifest = parse_manifest(text, "manifest of " + name, diagnostics);
  require_minor(manifest, name);  // before keys that a newer minor may have added to manifests
  if (!diagnostics.empty()) {
    throw PluginRefused(
        "E0312",
        fmt::format("the manifest in `{}` has mistakes\n{}\ncorrect the plugin's .toml and build it again", name,
                    diagnostics.render(false)),
        manifest.id);
  }
  return manifest;
}

std::optional<binade_build_block> judge_build_block(const std::vector<ElfNote>& notes, const std::string& name) {
  const auto* note = only_note(notes, BINADE_NOTE_BUILD_BLOCK, name);
  if (note == nullptr) return std::nullopt;
  binade_build_block block;
  if (note->description.size() < sizeof(block)) {
    malformed(name, fmt::format("its build block needs {} bytes, but the note has {}", sizeof(block),
                                note->description.size()));
  }
  std::memcpy(&block, note->description.data(), sizeof(block));
  return block;
}

PluginFile judge_notes(const ElfFile& elf, const std::filesystem::path& path) {
  const auto name = path.string();
  const auto notes = binade_notes(elf);
  const auto* note = only_note(notes, BINADE_NOTE_MANIFEST, name);
  if (note == nullptr) {
    throw PluginRefused("E0301", fmt::format("`{}` is not a Binade plugin: it carries no manifest\n"
                                             "build it with binade_add_plugin(), which embeds the .toml beside the "
                                             "source",
                                             name));
  }
  const auto [text, abi_minor, crc] = read_manifest_note(note->description, name);
  PluginFile file{path, judge_manifest(text, name), judge_build_block(notes, name), abi_minor, crc};
  if (file.manifest.kind == PluginKind::model && !file.build_block) {
    throw PluginRefused("E0302",
                        fmt::format("`{}` is a model without a build block, so its LibTorch is not known\n"
                                    "include <binade/model.h> and build it with binade_add_plugin()",
                                    name),
                        file.manifest.id);
  }
  return file;
}

}  // namespace

PluginFile judge_plugin_file(Bytes bytes, const std::filesystem::path& path) {
  const auto name = path.string();
  const ElfFile elf(bytes, name);
  auto file = judge_notes(elf, path);
  require_exported_symbol(elf, file);
  return file;
}

PluginFile read_plugin_file(const std::filesystem::path& path) {
  const MappedFile file(path);
  return judge_plugin_file(file.bytes(), std::filesystem::absolute(path));
}

PluginFile read_plugin_notes(const std::filesystem::path& path) {
  const MappedFile file(path);
  const auto name = path.string();
  return judge_notes(ElfFile(file.bytes(), name), std::filesystem::absolute(path));
}

std::optional<binade_build_block> read_build_block(const std::filesystem::path& path) {
  const MappedFile file(path);
  const auto name = path.string();
  return judge_build_block(binade_notes(ElfFile(file.bytes(), name)), name);
}

}  // namespace binade::host
