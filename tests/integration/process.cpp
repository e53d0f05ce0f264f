#include "tests/integration/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

extern char** environ;

namespace binade::testing {

Process::Process(const std::vector<std::string>& arguments, const TemporaryFolder& workspace,
                 const Environment& environment) {
  static int count = 0;
  out_ = workspace.path() / ("out-" + std::to_string(count));
  err_ = workspace.path() / ("err-" + std::to_string(count++));
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    variables[text.substr(0, text.find('='))] = text.substr(text.find('=') + 1);
  }
  for (const auto& [name, value] : environment) variables[name] = value;
  std::vector<std::string> settings;
  for (const auto& [name, value] : variables) {
    if (!value.empty()) settings.push_back(name + "=" + value);
  }
  std::vector<char*> argv, envp;
  auto words = arguments;
  for (auto& word : words) argv.push_back(word.data());
  for (auto& setting : settings) envp.push_back(setting.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);

  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork failed");
  if (pid_ > 0) return;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, SIG_DFL);  // whatever the tests run under
  const int in = open("/dev/null", O_RDONLY);
  const int out = open(out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int err = open(err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  dup2(in, 0);
  dup2(out, 1);
  dup2(err, 2);
  if (chdir(workspace.path().c_str()) == 0) execvpe(argv[0], argv.data(), envp.data());
  _exit(127);
}

Process::~Process() {
  if (ended()) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, &status_, 0);
}

bool Process::ended() {
  if (!reaped_) reaped_ = waitpid(pid_, &status_, WNOHANG) == pid_;
  return reaped_;
}

bool Process::wait_for_output(const std::string& text) {
  return wait_until([&] { return out().find(text) != std::string::npos; });
}

bool Process::wait_until(const std::function<bool()>& condition) {
  while (!condition()) {
    if (ended()) return condition();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

void Process::send(int signal) const { kill(pid_, signal); }

Outcome Process::wait() {
  if (!reaped_) {
    waitpid(pid_, &status_, 0);
    reaped_ = true;
  }
  return {WIFSIGNALED(status_) ? 128 + WTERMSIG(status_) : WEXITSTATUS(status_), out(), err()};
}

std::vector<std::string> binade_command(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), BINADE_EXECUTABLE);
  return arguments;
}

Process::Environment with_fixtures(Process::Environment environment) {
  environment.try_emplace("BINADE_PLUGIN_PATH", BINADE_FIXTURE_DIR);
  return environment;
}

Outcome binade(const std::vector<std::string>& arguments, const TemporaryFolder& workspace,
               Process::Environment environment) {
  Process process(binade_command(arguments), workspace, with_fixtures(std::move(environment)));
  return process.wait();
}

std::filesystem::path run_directory(const TemporaryFolder& workspace, const std::string& name) {
  std::filesystem::path found;
  std::error_code not_begun;
  for (const auto& entry : std::filesystem::directory_iterator(workspace.path() / "runs" / name, not_begun)) {
    EXPECT_TRUE(found.empty()) << "more than one run in " << workspace.path() / "runs" / name;
    found = entry.path();
  }
  return found;
}

}  // namespace binade::testing
