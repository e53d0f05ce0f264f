// The command line: verbs with their options, helpful when mistyped, and what an exception means to the shell.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <string>

#include "host/commands/terminal.h"

namespace binade::host {

class CommandLine {
 public:
  CommandLine(const std::string& name, const std::string& description);

  // Adds a verb. `examples`: lines below its help. `action` returns the exit code.
  CLI::App& verb(const std::string& name, const std::string& description, const std::string& examples,
                 std::function<int()> action) {
    return verb(app_, name, description, examples, std::move(action));
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
  const std::string& called_as() const { return called_as_; }

 private:
  int explain(const CLI::ParseError& error) const;
  int run_action() const;

  CLI::App app_;
  std::function<int()> action_;
  ColorMode color_ = ColorMode::automatic;
  std::filesystem::path executable_;
  std::string called_as_;
};

}  // namespace binade::host
