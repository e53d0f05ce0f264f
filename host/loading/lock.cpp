// The text of experiment.lock.
#include "host/loading/lock.h"

#include <fmt/format.h>

#include <iterator>

namespace binade::host {
namespace {

// A TOML basic string.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char character : text) {
    const auto code = static_cast<unsigned char>(character);
    if (character == '"' || character == '\\') {
      result += {'\\', character};
    } else if (code < 0x20 || code == 0x7F) {
      fmt::format_to(std::back_inserter(result), "\\u{:04X}", code);
    } else {
      result += character;
    }
  }
  return result + '"';
}

}  // namespace

std::string lock_text(const std::vector<Plugin>& plugins, const binade_build_block& engine,
                      std::string_view host_version) {
  std::string text = "# What this run was made of. Written by Binade.\nlock = 1\n";
  const auto line = [&](std::string_view key, std::string_view value) {
    fmt::format_to(std::back_inserter(text), "{} = {}\n", key, quoted(value));
  };
  line("binade", host_version);
  text += "\n[libtorch]\n";
  line("version", text_of(engine.torch_version));
  line("c10_build_id", text_of(engine.c10_build_id));
  line("torch_cpu_build_id", text_of(engine.torch_cpu_build_id));
  for (const auto& plugin : plugins) {
    text += "\n[[plugin]]\n";
    line("id", plugin.id());
    line("kind", to_string(plugin.kind()));
    line("version", plugin.version());
    line("path", plugin.path().string());
    line("sha256", plugin.sha256());
  }
  return text;
}

}  // namespace binade::host
