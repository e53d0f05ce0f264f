// The plugin that is tried, and calls into it that let nothing pass unnoticed.
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

// What a model is tried with.
struct ModelTrial {
  // As Engine::build().
  std::function<std::unique_ptr<ProbedModel>(const Plugin&, const OptionTable&, const std::vector<std::string>& inputs,
                                             std::uint64_t seed)>
      build;
  std::vector<std::string> inputs;   // fields of the batch, never empty
  const HostBatch* batch = nullptr;  // some samples
};

struct PluginUnderTest {
  PluginFile file;
  OptionTable options;  // points into file.manifest
  std::uint64_t seed = 0;
  const ModelTrial* model = nullptr;  // of a model
};

// What a plugin did and must not.
class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Opens the plugin; what it logs is dropped.
Plugin open(const PluginUnderTest& subject);

// What all tables begin with.
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
// The same, and throws Violation when it fails.
void must_succeed(const std::string& name, const std::function<std::int32_t(binade_error*)>& call);

// What create() made; destroyed at the end.
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
