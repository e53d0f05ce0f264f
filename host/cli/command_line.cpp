#include "host/cli/command_line.h"

#include "binade/abi/plugin.h"
#include "host/cli/exit_codes.h"
#include "host/cli/failure_exit.h"
#include "host/cli/version.h"
#include "host/loading/catalog.h"

namespace binade::host {

std::filesystem::path running_program() { return std::filesystem::read_symlink("/proc/self/exe"); }

CommandLine::CommandLine(const std::string& name, const std::string& description, std::filesystem::path executable)
    : program_(name, description, version_text()), executable_(std::move(executable)) {
  static const std::map<std::string, ColorMode> modes{
      {"auto", ColorMode::automatic}, {"always", ColorMode::always}, {"never", ColorMode::never}};
  const auto take = [this](const std::string& text) -> std::string {
    const auto mode = modes.find(text);
    if (mode == modes.end()) return text + " is not auto, always or never";
    color_ = mode->second;
    return "";
  };
  program_.parsed_option("--color", take, "WHEN", "Colours: auto, always or never");
  program_.footer(
      "Examples:\n"
      "  binade check experiment.toml\n"
      "  binade run experiment.toml --set train.steps=1000\n"
      "  binade plugins list\n"
      "\n`binade VERB --help` describes each verb.");
}

Verb& CommandLine::verb(const std::string& name, const std::string& description, const std::string& examples,
                        Action action, Stopping stopping) {
  return verb(program_, name, description, examples, std::move(action), stopping);
}

Verb& CommandLine::verb(Verb& parent, const std::string& name, const std::string& description,
                        const std::string& examples, Action action, Stopping stopping) {
  auto& verb = parent.add(name, description);
  verb.footer("Examples:\n" + examples);
  if (action) {
    behaviours_[&verb] = {std::move(action), stopping};
  } else {
    verb.require_verb();
  }
  return verb;
}

int CommandLine::execute(int argc, char** argv) {
  arguments_ = {argv, static_cast<std::size_t>(argc)};
  try {
    return parse_and_run();
  } catch (...) {
    return exit_code_of_failure(color_);
  }
}

// Takes the shorter of two paths: the one that the user typed, and the one from the current folder (which may have been
// removed).
void CommandLine::remember_program_name() {
  program_name_ = arguments_.empty() ? program_.command() : arguments_.front();
  std::error_code gone;
  const auto here = std::filesystem::current_path(gone);
  const auto from_here = gone ? program_name_ : executable_.lexically_proximate(here).string();
  if (program_name_.find('/') != std::string::npos && from_here.size() < program_name_.size()) {
    program_name_ = from_here;
  }
}

int CommandLine::parse_and_run() {
  remember_program_name();
  const auto command = program_.parse(arguments_);
  switch (command.request) {
    case ParsedCommand::Request::help:
      show("{}", Lines{command.verb->help()});
      return exit_ok;
    case ParsedCommand::Request::version:
      show("{}\n", Lines{version_text()});
      return exit_ok;
    case ParsedCommand::Request::correction:
      return correct(command);
    case ParsedCommand::Request::action:
      return run(*command.verb);
  }
  return exit_internal;
}

int CommandLine::run(const Verb& verb) const {
  const auto found = behaviours_.find(&verb);
  if (found == behaviours_.end()) {  // the program without a verb
    show("{}", Lines{verb.help()});
    return exit_usage;
  }
  const auto& [action, stopping] = found->second;
  take_stop_signals(stopping);
  return action();
}

int CommandLine::correct(const ParsedCommand& command) const {
  show(stderr, "{}: {}\n\nsee `{} --help`\n", Paint(wants_color(color_, stderr)).red("error"), command.mistake,
       command.verb->command());
  return exit_usage;
}

const std::vector<std::filesystem::path>& CommandLine::plugin_folders() const {
  if (!plugin_folders_) {
    plugin_folders_ = host::plugin_folders(
        executable_, [this](const std::string& text) { log_line(color_, BINADE_LOG_WARNING, text); });
  }
  return *plugin_folders_;
}

}  // namespace binade::host
