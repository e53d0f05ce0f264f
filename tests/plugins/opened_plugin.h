// A plugin, opened as the host does, with options completed from its manifest; and a temporary folder for data.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "host/experiment/schema/option.h"
#include "host/loading/plugin.h"
#include "tests/support/temporary_folder.h"

namespace binade::host {

using GivenOptions = std::map<std::string, std::vector<Scalar>>;

inline std::vector<Scalar> text(std::string value) { return {Scalar(std::move(value))}; }
inline std::vector<Scalar> integer(std::int64_t value) { return {Scalar(value)}; }
inline std::vector<Scalar> square(std::int64_t side) { return {Scalar(side), Scalar(side)}; }

class OpenedPlugin {
 public:
  // `name` is the name of a built-in plugin or the path of a file.
  explicit OpenedPlugin(const std::filesystem::path& name);

  const Plugin& plugin() const { return plugin_; }
  const PluginFile& file() const { return file_; }

  // The given options and the manifest's defaults; other options have no value. Throws std::logic_error for an option
  // that the manifest does not declare.
  OptionTable options(const GivenOptions& given) const;

  // The plugin's log, one message per line: "info: ...".
  const std::string& log() const { return *log_; }

 private:
  PluginFile file_;
  std::shared_ptr<std::string> log_ = std::make_shared<std::string>();
  Plugin plugin_;
};

}  // namespace binade::host
