// The plugin under test, and checked calls into it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "host/data/batch.h"
#include "host/engine_api/probed_model.h"
#include "host/experiment/schema/option.h"
#include "host/loading/plugin.h"

namespace binade::host {

// The inputs with which a model is tried.
struct ModelTrial {
  // Engine::build().
  std::function<std::unique_ptr<ProbedModel>(const Plugin&, const OptionTable&, const std::vector<std::string>& inputs,
                                             std::uint64_t seed)>
      build;
  std::vector<std::string> inputs;   // fields of the batch, never empty
  const HostBatch* batch = nullptr;  // a few samples
};

struct PluginUnderTest {
  PluginFile file;
  OptionTable options;  // points into file.manifest
  std::uint64_t seed = 0;
  const ModelTrial* model = nullptr;  // for a model only
};

// The plugin broke a rule.
class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Opens the plugin and discards what it logs.
Plugin open(const PluginUnderTest& subject);

// The members with which all tables begin.
struct ObjectTable {
  std::uint32_t struct_size, reserved;
  std::int32_t (*create)(const binade_host*, const binade_options*, void**, binade_error*);
  void (*destroy)(void*);
};

struct Answer {
  std::int32_t status;
  std::string message;
};

// Calls the plugin. Throws Violation when an exception leaves it, or when it fails without a message.
Answer try_call(const std::string& name, const std::function<std::int32_t(binade_error*)>& call);
// The same, and throws Violation when the call fails.
void must_succeed(const std::string& name, const std::function<std::int32_t(binade_error*)>& call);

// Calls create(), and destroy() at the end.
class PluginInstance {
 public:
  PluginInstance(const Plugin& plugin, const binade_options* options);
  PluginInstance(const Plugin& plugin, const OptionTable& options)
      : PluginInstance(plugin, OptionsView(options).table()) {}
  ~PluginInstance();
  PluginInstance(const PluginInstance&) = delete;
  PluginInstance& operator=(const PluginInstance&) = delete;
  void* self() const { return self_; }

 private:
  ObjectTable table_;
  void* self_ = nullptr;
};

}  // namespace binade::host
