// Where a run lives on disk, and what it starts from.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "host/run/resume_point.h"
#include "host/storage/run_directory.h"

namespace binade::host {

struct RunHome {
  // Makes a new folder below `runs`. Throws as RunDirectory and RunLock do.
  static RunHome fresh(const std::filesystem::path& runs, const std::string& name, const std::string& resolved);
  // The folder of the run that is resumed; `point` must outlive it.
  static RunHome resumed(const ResumePoint& point);
  // A new folder in a scratch folder, which discard() removes.
  static RunHome dry(const std::string& name, const std::string& resolved);

  void discard() const;

  RunDirectory directory;
  std::shared_ptr<RunLock> lock;         // keeps other processes out
  std::filesystem::path shown;           // the directory as a person would type it
  const ResumePoint* resumes = nullptr;  // what the run continues from
  bool is_dry = false;                   // nothing is kept, and nobody is told
};

}  // namespace binade::host
