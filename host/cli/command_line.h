// The command line: verbs with their options, helpful when mistyped, and what an exception means to the shell.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/cli/signals.h"
#include "host/cli/terminal.h"

namespace binade::host {

class CommandLine {
 public:
  CommandLine(const std::string& name, const std::string& description);

  // Adds a verb. `examples`: lines below its help. `action` returns the exit code.
  CLI::App& verb(const std::string& name, const std::string& description, const std::string& examples,
                 std::function<int()> action, Stopping stopping = Stopping::by_the_system) {
    auto& added = verb(app_, name, description, examples, std::move(action));
    if (stopping == Stopping::by_the_verb) stops_by_itself_.insert(&added);
    return added;
  }
  CLI::App& verb(CLI::App& parent, const std::string& name, const std::string& description, const std::string& examples,
                 std::function<int()> action);
  CLI::App& app() { return app_; }

  // Parses, runs the verb, and turns what it throws into a message and an exit code.
  int execute(int argc, char** argv);

  ColorMode color() const { return color_; }
  // This program's own file, absolute: engine and plugins are found beside it.
  const std::filesystem::path& executable() const { return executable_; }
  // This program as the user called it, for commands to print.
  const std::string& program_name() const { return called_as_; }
  // Where plugins are looked for, in order. What BINADE_PLUGIN_PATH names and cannot be read is said, once.
  const std::vector<std::filesystem::path>& plugin_folders() const;

 private:
  int explain(const CLI::ParseError& error) const;
  int parse_and_run(int argc, char** argv);

  CLI::App app_;
  std::function<int()> action_;
  std::set<const CLI::App*> stops_by_itself_;
  ColorMode color_ = ColorMode::automatic;
  std::filesystem::path executable_;
  std::string called_as_;
  mutable std::optional<std::vector<std::filesystem::path>> plugin_folders_;
};

}  // namespace binade::host
