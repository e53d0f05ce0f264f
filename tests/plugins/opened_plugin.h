// A plugin as the host opens it, with options completed from its manifest; and a folder to put data into.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "host/experiment/schema/option.h"
#include "host/loading/plugin.h"

namespace binade::host {

using GivenOptions = std::map<std::string, std::vector<Scalar>>;

inline std::vector<Scalar> text(std::string value) { return {Scalar(std::move(value))}; }
inline std::vector<Scalar> integer(std::int64_t value) { return {Scalar(value)}; }

class OpenedPlugin {
 public:
  // `name`: of one that comes with Binade; or the path of a file.
  explicit OpenedPlugin(const std::filesystem::path& name);

  const Plugin& plugin() const { return plugin_; }
  const PluginFile& file() const { return file_; }

  // What is given, then the manifest's defaults; the rest stays without a value. Throws std::logic_error for an option
  // that the manifest does not declare.
  OptionTable options(const GivenOptions& given) const;

  // What the plugin has logged, a line each: "info: ...".
  const std::string& log() const { return *log_; }

 private:
  PluginFile file_;
  std::shared_ptr<std::string> log_ = std::make_shared<std::string>();
  Plugin plugin_;
};

// A folder that disappears with the object.
class DataFolder {
 public:
  DataFolder();
  ~DataFolder();
  DataFolder(const DataFolder&) = delete;
  DataFolder& operator=(const DataFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // Writes a file, with the folders above it; returns its path.
  std::string write(const std::string& name, const std::string& content) const;

 private:
  std::filesystem::path path_;
};

}  // namespace binade::host
