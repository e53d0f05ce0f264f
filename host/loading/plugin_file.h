// A plugin file as its notes describe it, and the checks of these notes. Its code does not run here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>

#include "binade/abi/note.h"
#include "host/experiment/schema/manifest.h"
#include "host/loading/refused.h"

namespace binade::host {

struct PluginFile {
  std::filesystem::path path;  // absolute
  Manifest manifest;
  std::optional<binade_build_block> build_block;  // torch tier
  std::uint32_t abi_minor = 0;                    // of the SDK that built it; the major equals the host's
  std::uint32_t manifest_crc32 = 0;
  std::filesystem::path load_from = {};  // a copy to load in its place; empty: load the file itself
};

// Reads one file and checks its notes (ELF, note, CRC, ABI, manifest) and the symbol that it exports. Throws
// PluginRefused.
PluginFile read_plugin_file(const std::filesystem::path& path);

// The same without the symbol, for the conformance kit, which checks that itself.
PluginFile read_plugin_notes(const std::filesystem::path& path);

// The same for the bytes of a file.
PluginFile judge_plugin_file(std::span<const std::byte> bytes, const std::filesystem::path& path);

// Returns the build block of a library that need not be a plugin, such as the engine; nullopt without one. Throws
// PluginRefused when the file cannot be read or is damaged.
std::optional<binade_build_block> read_build_block(const std::filesystem::path& path);

// Returns a text of a build block, which need not be NUL-terminated in an untrusted file.
template <std::size_t Size>
std::string_view text_of(const char (&text)[Size]) {
  const std::string_view all(text, Size);
  return all.substr(0, all.find('\0'));
}

}  // namespace binade::host
