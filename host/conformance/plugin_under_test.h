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

// One check. It runs in a child; what it throws is why the plugin fails it.
struct Check {
  std::string name;  // "create_destroy"
  std::function<void(const PluginUnderTest&)> run;
  bool needed = false;  // by those behind it
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

// Checks of every kind, then those of one.
std::vector<Check> common_checks();
std::vector<Check> dataset_checks();
std::vector<Check> precision_checks();
std::vector<Check> logger_checks();
std::vector<Check> model_checks();

// A use of the plugin from create() to destroy() that exercises what its kind does.
using Exercise = std::function<void(const PluginUnderTest&, const Plugin&)>;
// The checks of one kind, and behind them those below, which every kind's use must stand.
std::vector<Check> with_checks_of_use(std::vector<Check> own, const Exercise& use);
void require_no_leak(const PluginUnderTest& subject, const Exercise& use);
// With each allocation of the plugin's calls failing in turn: one after the other, and of very many ever fewer.
// Failures of the use are the plugin's right; exceptions that leave it are none, nor is a plugin that works no more
// afterwards.
void stands_failing_allocations(const PluginUnderTest& subject, const Exercise& use);
// In a host that speaks each past minor of the ABI, with its services up to a page that must not be touched.
void works_in_older_hosts(const PluginUnderTest& subject, const Exercise& use);
// With each service failing in turn that may: no series for a metric, no cache folder.
void stands_failing_services(const PluginUnderTest& subject, const Exercise& use);

}  // namespace binade::host
