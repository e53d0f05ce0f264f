// The command line: its verbs with what they do, and what an exception means to the shell.
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

// The file of the program that runs, absolute.
std::filesystem::path running_program();

class CommandLine {
 public:
  // `executable`: the file of `binade`, absolute.
  CommandLine(const std::string& name, const std::string& description, std::filesystem::path executable);

  // Returns the exit code.
  using Action = std::function<int()>;
  // Adds a verb. `examples`: lines below its help. Without an action it needs one of the verbs below it.
  Verb& verb(const std::string& name, const std::string& description, const std::string& examples, Action action,
             Stopping stopping = Stopping::by_the_system);
  Verb& verb(Verb& parent, const std::string& name, const std::string& description, const std::string& examples,
             Action action, Stopping stopping = Stopping::by_the_system);

  // Parses, runs the verb, and turns what it throws into a message and an exit code.
  int execute(int argc, char** argv);

  ColorMode color() const { return color_; }
  // The file of `binade`, absolute: the engine, plugins and other programs are found relative to it.
  const std::filesystem::path& executable() const { return executable_; }
  // This program as the user called it, for commands to print.
  const std::string& program_name() const { return program_name_; }
  // While an action runs: all arguments as the user gave them, the program's name first.
  std::span<char* const> arguments() const { return arguments_; }
  // Where plugins are looked for, in order. Warns once of folders in BINADE_PLUGIN_PATH that cannot be read.
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
