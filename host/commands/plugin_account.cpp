#include "host/commands/plugin_account.h"

#include <fmt/format.h>

#include "host/experiment/toml_text.h"

namespace binade::host {

std::string account_of(const Plugin& plugin, const OptionTable& options) {
  std::string given;
  for (const auto& option : options.options()) {
    if (option.values.empty() && !option.spec->array) continue;
    given += fmt::format("{}{} = {}", given.empty() ? "" : ", ", option.spec->name,
                         option.spec->array ? toml_array(option.values) : toml_scalar(option.values.front()));
  }
  return fmt::format("plugin `{}` {} ({})\n  file: {}, sha256 {}\n  options: {}", plugin.id(), plugin.version(),
                     to_string(plugin.kind()), plugin.path().string(), plugin.sha256(), given.empty() ? "none" : given);
}

}  // namespace binade::host
