// Plugins that consist of a manifest, with options of every type.
#pragma once

#include <map>
#include <stdexcept>

#include "host/experiment/experiment.h"

namespace binade::host {

class ManifestsOnly : public ManifestSource {
 public:
  ManifestsOnly() {
    add("id = 'net'\nkind = 'model'\nversion = '1'\ninputs = ['x']\n"
        "[options]\nunits = { type = 'integer', default = 8, min = 1, max = 4096 }\n"
        "rate = { type = 'number', default = 0.5 }\nact = { type = 'string', default = 'a', choices = ['a', 'b'] }\n"
        "sizes = { type = '[integer]', optional = true }\nclasses = { type = 'integer', default_from = "
        "'dataset.classes' }\n");
    add("id = 'rows'\nkind = 'dataset'\nversion = '1'\n"
        "[options]\nfile = { type = 'path' }\nflag = { type = 'boolean', default = false }\n"
        "names = { type = '[string]', optional = true, env = true }\n");
    add("id = 'half'\nkind = 'precision'\nversion = '1'\n");
    add("id = 'screen'\nkind = 'logger'\nversion = '1'\n[options.every]\ntype = 'integer'\ndefault = 1\n");
  }
  const Manifest* find(PluginKind kind, const std::string& id, const std::string&, const Location&,
                       Diagnostics&) const override {
    const auto found = manifests_.find(id);
    return found == manifests_.end() || found->second.kind != kind ? nullptr : &found->second;
  }
  std::vector<std::string> ids(PluginKind kind) const override {
    std::vector<std::string> ids;
    for (const auto& [id, manifest] : manifests_) {
      if (manifest.kind == kind) ids.push_back(id);
    }
    return ids;
  }

 private:
  void add(const std::string& text) {
    Diagnostics diagnostics;
    auto manifest = parse_manifest(text, "manifest", diagnostics);
    if (!diagnostics.empty()) throw std::logic_error(diagnostics.render(false));
    manifests_.emplace(manifest.id, std::move(manifest));
  }
  std::map<std::string, Manifest> manifests_;
};

}  // namespace binade::host
