// The checks of a plugin, by its kind.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/conformance/plugin_under_test.h"

namespace binade::host {

// One check. It runs in a child process and throws when the plugin fails it.
struct Check {
  std::string name;  // "create_destroy"
  std::function<void(const PluginUnderTest&)> run;
  bool needed = false;  // by the checks after it
};

// The checks that all kinds share, then those of each kind.
std::vector<Check> common_checks();
std::vector<Check> dataset_checks();
std::vector<Check> precision_checks();
std::vector<Check> logger_checks();
std::vector<Check> model_checks();

// Uses the plugin from create() to destroy() and exercises what its kind does.
using Exercise = std::function<void(const PluginUnderTest&, const Plugin&)>;
// Appends the checks below, which the exercise of every kind must pass, to the checks of one kind.
std::vector<Check> with_checks_of_use(std::vector<Check> own, const Exercise& use);
void require_no_leak(const PluginUnderTest& subject, const Exercise& use);
// Repeats the exercise with each allocation of the plugin's calls failing in turn; of many allocations, only a sample.
// A call may fail, but no exception may leave it, and the plugin must still work afterwards.
void survives_failing_allocations(const PluginUnderTest& subject, const Exercise& use);
// Repeats the exercise in hosts of each earlier ABI minor, whose services end at a page that must not be touched.
void works_in_older_hosts(const PluginUnderTest& subject, const Exercise& use);
// Repeats the exercise with each service failing in turn that may fail: a metric without series, no cache folder.
void survives_failing_services(const PluginUnderTest& subject, const Exercise& use);

}  // namespace binade::host
