#include "host/run/run_home.h"

#include <utility>

#include "host/base/scratch_folder.h"

namespace binade::host {

RunHome RunHome::fresh(const std::filesystem::path& runs, const std::string& name, const std::string& resolved) {
  RunDirectory directory(runs, name, resolved);
  auto lock = std::make_shared<RunLock>(directory.path());
  auto shown = runs / name / directory.run_id();
  return {std::move(directory), std::move(lock), std::move(shown)};
}

RunHome RunHome::resumed(const ResumePoint& point) { return {point.directory, point.lock, point.called, &point}; }

RunHome RunHome::dry(const std::string& name, const std::string& resolved) {
  auto home = fresh(make_scratch_folder("dry-run"), name, resolved);
  home.is_dry = true;
  return home;
}

void RunHome::discard() const { std::filesystem::remove_all(directory.path().parent_path().parent_path()); }

}  // namespace binade::host
