// What the tests of experiments share: a folder for their files, and plugins that consist of a manifest.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "host/experiment/experiment.h"
#include "tests/support/temporary_folder.h"

namespace binade::host {

class FakePlugins : public ManifestSource {
 public:
  FakePlugins() {
    add(R"(
id = "net"
kind = "model"
version = "1.0.0"
[options.units]
type = "integer"
default = 128
min = 1
max = 4096
[options.rate]
type = "number"
default = 0.5
[options.bias]
type = "boolean"
default = true
[options.act]
type = "string"
default = "relu"
choices = ["relu", "gelu"]
[options.sizes]
type = "[integer]"
default = [8, 16]
min = 1
[options.limits.options.low]
type = "number"
default = 0
[options.limits.options.high]
type = "number"
optional = true
[options.classes]
type = "integer"
default_from = "dataset.classes"
min = 2
)");
    add(R"(
id = "rows"
kind = "dataset"
version = "1.0.0"
[options.file]
type = "path"
help = "The table."
[options.more]
type = "[path]"
optional = true
)");
    add("id = \"full\"\nkind = \"precision\"\nversion = \"1\"\n");
    add("id = \"half\"\nkind = \"precision\"\nversion = \"1\"\n");
    add("id = \"screen\"\nkind = \"logger\"\nversion = \"1\"\n[options.every]\ntype = \"integer\"\ndefault = 1\nmin = "
        "1\n");
  }

  void add(const std::string& text) {
    Diagnostics diagnostics;
    auto manifest = parse_manifest(text, "manifest.toml", diagnostics);
    if (!diagnostics.empty()) throw std::runtime_error(diagnostics.render(false));
    manifests_[{manifest.kind, manifest.id}] = manifest;
  }

  const Manifest* find(PluginKind kind, const std::string& id, const std::string& library, const Location& where,
                       Diagnostics& diagnostics) const override {
    library_asked_for_ = library;
    if (id == "refused") {
      diagnostics.add({"E0303", "the note of `refused` does not match its checksum", where, "", {}});
      return nullptr;
    }
    const auto found = manifests_.find({kind, id});
    return found == manifests_.end() ? nullptr : &found->second;
  }
  std::vector<std::string> ids(PluginKind kind) const override {
    std::vector<std::string> out;
    for (const auto& [key, manifest] : manifests_) {
      if (key.first == kind) out.push_back(key.second);
    }
    return out;
  }
  const std::string& library_asked_for() const { return library_asked_for_; }

 private:
  std::map<std::pair<PluginKind, std::string>, Manifest> manifests_;
  mutable std::string library_asked_for_;
};

// The least that makes an experiment; texts of tests go behind it, and may reopen no section of it.
inline const std::string& plugins_text() {
  static const std::string text = R"([model]
plugin = "net"
[dataset]
plugin = "rows"
file = "data.csv"
[precision]
plugin = "full"
)";
  return text;
}
inline const std::string& minimal_text() {
  static const std::string text = plugins_text() + "[train]\nsteps = 10\n";
  return text;
}

struct Loaded {
  std::optional<Experiment> experiment;
  Diagnostics diagnostics;

  const Diagnostic& only() const {
    if (diagnostics.all().size() != 1) throw std::runtime_error("not one mistake:\n" + diagnostics.render(false));
    return diagnostics.all().front();
  }
  std::string text() const { return diagnostics.render(false); }
};

// Loads texts as files of one folder. Experiments point into the plugins here, so keep it while they live.
class Bench {
 public:
  Loaded load(const std::string& text, const std::vector<std::string>& overrides = {}) const {
    return load_file(folder.write("test.toml", text), overrides);
  }
  Loaded load_file(const std::filesystem::path& file, const std::vector<std::string>& overrides = {}) const {
    Loaded out;
    out.experiment = load_experiment(file, overrides, plugins, out.diagnostics);
    return out;
  }

  TemporaryFolder folder;
  FakePlugins plugins;
};

}  // namespace binade::host
