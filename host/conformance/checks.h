// The checks of a plugin, by its kind.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/conformance/plugin_under_test.h"

namespace binade::host {

// One check. It runs in a child; what it throws is why the plugin fails it.
struct Check {
  std::string name;  // "create_destroy"
  std::function<void(const PluginUnderTest&)> run;
  bool needed = false;  // by those behind it
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
