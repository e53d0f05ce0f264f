#include "host/conformance/validation.h"

#include <cstdlib>

#include "host/base/scratch_folder.h"
#include "host/conformance/child.h"

namespace binade::host {
namespace {

std::vector<Check> checks_of(PluginKind kind) {
  auto checks = common_checks();
  std::vector<Check> own;
  if (kind == PluginKind::dataset) own = dataset_checks();
  if (kind == PluginKind::precision) own = precision_checks();
  if (kind == PluginKind::logger) own = logger_checks();
  if (kind == PluginKind::model) own = model_checks();
  checks.insert(checks.end(), own.begin(), own.end());
  return checks;
}

}  // namespace

std::vector<CheckResult> validate(const PluginUnderTest& subject, std::chrono::milliseconds limit,
                                  const std::function<void(const CheckResult&)>& report) {
  const ScratchFolder folder("validate");  // holds what a child leaves behind when it dies
  std::vector<CheckResult> results;
  for (const auto& check : checks_of(subject.file.manifest.kind)) {
    const auto begin = std::chrono::steady_clock::now();
    auto failure = run_in_child(
        [&] {
          setenv("TMPDIR", folder.path().c_str(), 1);
          check.run(subject);
        },
        limit);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    results.push_back({check.name, std::move(failure), seconds.count()});
    report(results.back());
    if (check.needed && !results.back().failure.empty()) break;
  }
  return results;
}

}  // namespace binade::host
