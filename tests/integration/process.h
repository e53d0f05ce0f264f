// `binade` as its users start it: a process with arguments, an environment, a folder, output and an exit code.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace binade::testing {

// A folder of its own for a test, removed at its end.
class Workspace {
 public:
  Workspace();
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::filesystem::path& path);

struct Outcome {
  int exit_code = -1;  // 128 + n when a signal ended it
  std::string out, err;
};

// A running process. Its standard input is empty; output goes to files in the workspace.
class Process {
 public:
  using Environment = std::map<std::string, std::string>;  // beside the test's own; "" removes a variable

  Process(const std::vector<std::string>& arguments, const Workspace& workspace, const Environment& environment = {});
  ~Process();  // kills it when it still runs
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Waits until standard output contains `text`; returns false when the process ended without.
  bool wait_for_output(const std::string& text);
  // Likewise, until the condition holds.
  bool wait_until(const std::function<bool()>& condition);
  std::string out() const { return read_file(out_); }
  std::string err() const { return read_file(err_); }
  void send(int signal) const;
  bool ended();
  Outcome wait();

 private:
  int pid_ = -1;
  int status_ = 0;
  bool reaped_ = false;
  std::filesystem::path out_, err_;
};

// binade ARGUMENTS..., from start to end. Fixture plugins are found as well as the tree's.
Outcome binade(const std::vector<std::string>& arguments, const Workspace& workspace,
               Process::Environment environment = {});
std::vector<std::string> binade_command(std::vector<std::string> arguments);
Process::Environment with_fixtures(Process::Environment environment = {});

// The only run directory under workspace/runs/NAME; empty before it has begun.
std::filesystem::path run_directory(const Workspace& workspace, const std::string& name);

// metrics.jsonl, line by line: its steps and evaluations, or with the samples of gradients, too.
std::vector<nlohmann::json> metrics(const std::filesystem::path& run_directory);
std::vector<nlohmann::json> all_metrics(const std::filesystem::path& run_directory);

// A small classification file: `rows` points of two classes that a line separates.
std::string points_csv(int rows);

// An experiment on that file, called "points", of a few steps on the CPU; `more` is added at its end.
std::string points_experiment(const std::string& more = "");

}  // namespace binade::testing
