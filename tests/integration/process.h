// `binade` as its users start it: a process with arguments, an environment, a folder, output and an exit code.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/support/points.h"
#include "tests/support/run_folder.h"
#include "tests/support/temporary_folder.h"

namespace binade::testing {

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

struct Outcome {
  int exit_code = -1;  // 128 + n when a signal ended it
  std::string out, err;
};

// A running process. Its standard input is empty; output goes to files in the workspace.
class Process {
 public:
  using Environment = std::map<std::string, std::string>;  // beside the test's own; "" removes a variable

  Process(const std::vector<std::string>& arguments, const TemporaryFolder& workspace,
          const Environment& environment = {});
  ~Process();  // kills it when it still runs
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Waits until standard output contains `text`; returns false when the process ended without.
  bool wait_for_output(const std::string& text);
  // Likewise, until the condition holds.
  bool wait_until(const std::function<bool()>& condition);
  std::string out() const { return contents(out_); }
  std::string err() const { return contents(err_); }
  void send(int signal) const;
  int pid() const { return pid_; }
  bool ended();
  Outcome wait();

 private:
  int pid_ = -1;
  int status_ = 0;
  bool reaped_ = false;
  std::filesystem::path out_, err_;
};

// binade ARGUMENTS..., from start to end. Fixture plugins are found as well as the tree's.
Outcome binade(const std::vector<std::string>& arguments, const TemporaryFolder& workspace,
               Process::Environment environment = {});
std::vector<std::string> binade_command(std::vector<std::string> arguments);
Process::Environment with_fixtures(Process::Environment environment = {});

// The only run directory under workspace/runs/NAME; empty before it has begun.
std::filesystem::path run_directory(const TemporaryFolder& workspace, const std::string& name);

}  // namespace binade::testing
