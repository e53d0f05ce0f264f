#include "host/loading/elf/exported_symbol.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "binade/abi/plugin.h"
#include "host/loading/elf/elf_dynamic.h"
#include "host/loading/refused.h"

namespace binade::host {
namespace {

[[noreturn]] void disagree(const PluginFile& file, const std::string& why) {
  throw PluginRefused("E0310",
                      fmt::format("`{}` does not export what its note announces: {}\n"
                                  "build it with binade_add_plugin() and one BINADE_<KIND> macro, of the "
                                  "kind that its manifest names",
                                  file.path.string(), why),
                      file.manifest.id);
}

std::string others(const std::vector<ElfSymbol>& exported) {
  constexpr std::size_t shown = 3;
  std::vector<std::string> names;
  for (const auto& symbol : exported) {
    if (symbol.name != BINADE_PLUGIN_SYMBOL) names.push_back(symbol.name);
  }
  const auto more = names.size() > shown ? fmt::format(" and {} more", names.size() - shown) : "";
  names.resize(std::min(names.size(), shown));
  return fmt::format("{}{}", fmt::join(names, ", "), more);
}

}  // namespace

void require_exported_symbol(const ElfFile& elf, const PluginFile& file) {
  const auto exported = read_elf_dynamic(elf).exported;
  const auto symbol = std::ranges::find(exported, BINADE_PLUGIN_SYMBOL, &ElfSymbol::name);
  if (symbol == exported.end()) disagree(file, "it has no symbol " BINADE_PLUGIN_SYMBOL);
  if (exported.size() > 1) disagree(file, "beside " BINADE_PLUGIN_SYMBOL " it exports " + others(exported));
  if (symbol->function) disagree(file, "its " BINADE_PLUGIN_SYMBOL " is not data");
  if (symbol->data.size() < sizeof(binade_plugin)) disagree(file, "its " BINADE_PLUGIN_SYMBOL " is too small");
  // The file holds the final numbers, but not the table's address, which is relocated.
  const auto plugin = ElfFile::element<binade_plugin>(symbol->data, 0);
  if (plugin.struct_size < sizeof(binade_plugin)) {
    disagree(file, fmt::format("its " BINADE_PLUGIN_SYMBOL " states {} bytes but has at least {}", plugin.struct_size,
                               sizeof(binade_plugin)));
  }
  if (plugin.abi_major != BINADE_ABI_MAJOR || plugin.abi_minor != file.abi_minor) {
    disagree(file, fmt::format("the symbol is of ABI {}.{}, the note of {}.{}", plugin.abi_major, plugin.abi_minor,
                               BINADE_ABI_MAJOR, file.abi_minor));
  }
  const auto kind = static_cast<std::uint32_t>(file.manifest.kind);
  if (plugin.kind != kind) {
    disagree(file, fmt::format("the symbol is of kind {}, the manifest's kind is {} ({})", plugin.kind,
                               to_string(file.manifest.kind), kind));
  }
}

}  // namespace binade::host
