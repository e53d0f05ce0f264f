#include "tests/plugins/opened_plugin.h"

#include <stdlib.h>

#include <array>
#include <fstream>

#include "host/loading/open_plugin.h"

namespace binade::host {

namespace fs = std::filesystem;

namespace {

fs::path file_of(const fs::path& name) {
  return name.is_absolute() ? name : fs::path(BINADE_PLUGIN_DIR) / (name.string() + ".so");
}

}  // namespace

OpenedPlugin::OpenedPlugin(const fs::path& name)
    : file_(read_plugin_file(file_of(name))),
      plugin_(open_plugin(file_, [log = log_](std::int32_t level, const std::string&, std::string_view line) {
        constexpr std::array names = {"debug: ", "info: ", "warning: ", "error: "};
        *log += names.at(static_cast<std::size_t>(level)) + std::string(line) + "\n";
      })) {}

OptionTable OpenedPlugin::options(const GivenOptions& given) const {
  OptionTable table;
  std::size_t used = 0;
  for (const auto& spec : file_.manifest.options) {
    if (const auto found = given.find(spec.name); found != given.end()) {
      table.add({&spec, found->second, Origin::file, {}});
      ++used;
    } else if (spec.default_value) {
      table.add({&spec, *spec.default_value, Origin::default_, {}});
    } else {
      table.add({&spec, {}, Origin::absent, {}});
    }
  }
  if (used != given.size()) throw std::logic_error("an option is not in the manifest of " + plugin_.id());
  return table;
}

}  // namespace binade::host
