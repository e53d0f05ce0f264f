// The command line of `binade`: its verbs, their actions, and the exit codes of exceptions.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/cli/signals.h"
#include "host/cli/terminal.h"
#include "host/cli/verb.h"

namespace binade::host {

// The absolute path of the running program's file.
std::filesystem::path running_program();

class CommandLine {
 public:
  // `executable`: the absolute path of `binade`.
  CommandLine(const std::string& name, const std::string& description, std::filesystem::path executable);

  // Returns the exit code.
  using Action = std::function<int()>;
  // Adds a verb. `examples` are lines below its help. A verb without an action requires one of the verbs below it.
  Verb& verb(const std::string& name, const std::string& description, const std::string& examples, Action action,
             Stopping stopping = Stopping::by_the_system);
  Verb& verb(Verb& parent, const std::string& name, const std::string& description, const std::string& examples,
             Action action, Stopping stopping = Stopping::by_the_system);

  // Parses, runs the verb, and turns what it throws into a message and an exit code.
  int execute(int argc, char** argv);

  ColorMode color() const { return color_; }
  // The absolute path of `binade`. The engine, plugins and other programs are found relative to it.
  const std::filesystem::path& executable() const { return executable_; }
  // This program as the user called it, for commands to print.
  const std::string& program_name() const { return program_name_; }
  // All arguments as the user gave them, the program's name first. Valid while an action runs.
  std::span<char* const> arguments() const { return arguments_; }
  // The folders that are searched for plugins, in order. Warns once about folders in BINADE_PLUGIN_PATH that cannot be
  // read.
  const std::vector<std::filesystem::path>& plugin_folders() const;

 private:
  struct Behaviour {
    Action action;
    Stopping stopping;
  };
  void remember_program_name();
  int parse_and_run();
  int run(const Verb& verb) const;
  int correct(const ParsedCommand& command) const;

  Verb program_;
  std::map<const Verb*, Behaviour> behaviours_;
  ColorMode color_ = ColorMode::automatic;
  std::filesystem::path executable_;
  std::string program_name_;
  std::span<char* const> arguments_;
  mutable std::optional<std::vector<std::filesystem::path>> plugin_folders_;
};

}  // namespace binade::host
