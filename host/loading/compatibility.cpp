#include "host/loading/compatibility.h"

#include <fmt/format.h>

#include <cstring>
#include <string>
#include <vector>

#include "host/base/sha256.h"

namespace binade::host {
namespace {

struct Difference {
  bool libtorch;
  std::string what, host, plugin, advice;
};

class Comparison {
 public:
  void text(std::string what, std::string_view host, std::string_view plugin) {
    if (host == plugin) return;
    differences_.push_back({true, std::move(what), std::string(host), std::string(plugin),
                            "build the plugin against the LibTorch that Binade was built with: set CMAKE_PREFIX_PATH "
                            "to its folder, in a new build folder"});
  }
  void number(std::string what, const std::string& host, const std::string& plugin, std::string advice) {
    if (host != plugin) differences_.push_back({false, std::move(what), host, plugin, std::move(advice)});
  }
  const std::vector<Difference>& differences() const { return differences_; }

 private:
  std::vector<Difference> differences_;
};

std::string sanitizers(std::uint32_t flags) {
  std::string names;
  if ((flags & BINADE_SANITIZER_ADDRESS) != 0) names += " address";
  if ((flags & BINADE_SANITIZER_THREAD) != 0) names += " thread";
  const auto others = flags & ~(BINADE_SANITIZER_ADDRESS | BINADE_SANITIZER_THREAD);
  if (others != 0) names += fmt::format(" {:#x}", others);
  return names.empty() ? "none" : names.substr(1);
}

std::string standard_library(std::uint32_t number) {
  if (number == BINADE_STANDARD_LIBRARY_LIBSTDCXX) return "libstdc++";
  if (number == BINADE_STANDARD_LIBRARY_LIBCXX) return "libc++";
  return fmt::format("number {}", number);
}

std::vector<Difference> compare(const binade_build_block& host, const binade_build_block& plugin) {
  Comparison compared;
  compared.text("LibTorch version", text_of(host.torch_version), text_of(plugin.torch_version));
  compared.text("build-id of libc10", text_of(host.c10_build_id), text_of(plugin.c10_build_id));
  compared.text("build-id of libtorch_cpu", text_of(host.torch_cpu_build_id), text_of(plugin.torch_cpu_build_id));
  const auto number = [](std::uint32_t value) { return std::to_string(value); };
  compared.number("size of the build block", number(host.struct_size), number(plugin.struct_size),
                  "build the plugin with this Binade's SDK");
  compared.number("_GLIBCXX_USE_CXX11_ABI", number(host.cxx11_abi), number(plugin.cxx11_abi),
                  fmt::format("compile the plugin with -D_GLIBCXX_USE_CXX11_ABI={}", host.cxx11_abi));
  compared.number("debug containers", host.debug_containers != 0 ? "on" : "off",
                  plugin.debug_containers != 0 ? "on" : "off",
                  host.debug_containers != 0 ? "compile the plugin with -D_GLIBCXX_DEBUG"
                                             : "compile the plugin without _GLIBCXX_DEBUG");
  compared.number("sanitizers", sanitizers(host.sanitizers), sanitizers(plugin.sanitizers),
                  "compile the plugin with the same -fsanitize= as Binade");
  compared.number("C++ standard library", standard_library(host.standard_library),
                  standard_library(plugin.standard_library),
                  host.standard_library == BINADE_STANDARD_LIBRARY_LIBCXX ? "compile the plugin with -stdlib=libc++"
                                                                          : "compile the plugin with libstdc++");
  compared.number("layout of shared types", fmt::format("{:08x}", host.layout_fingerprint),
                  fmt::format("{:08x}", plugin.layout_fingerprint),
                  "build the plugin with this Binade's SDK and with its compiler's flags for ABI and alignment");
  if (compared.differences().empty()) {
    const auto same = std::memcmp(&host, &plugin, sizeof(host)) == 0;
    compared.number("bytes after the texts", "zero", same ? "zero" : "not zero",
                    "the file was changed after it was built: copy it or build it again");
  }
  return compared.differences();
}

}  // namespace

void require_same_build(const PluginFile& plugin, const binade_build_block& engine,
                        const std::filesystem::path& engine_path) {
  const auto differences = compare(engine, plugin.build_block.value_or(binade_build_block{}));
  if (differences.empty()) return;
  const bool libtorch = differences.front().libtorch;
  auto message = fmt::format("`{}` was built {} than this host's engine, `{}`", plugin.path.string(),
                             libtorch ? "against another LibTorch" : "differently", engine_path.string());
  for (const auto& [_, what, host, mine, advice] : differences) {
    message += fmt::format("\n{}\n  host:   {}\n  plugin: {}\n  {}", what, host, mine, advice);
  }
  message += fmt::format("\nthe file's sha256: {}\nits code was not run", sha256_of_file(plugin.path));
  throw PluginRefused(libtorch ? "E0306" : "E0307", message, plugin.manifest.id);
}

}  // namespace binade::host
