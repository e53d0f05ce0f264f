#include "host/cli/command_line.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "binade/abi/plugin.h"
#include "host/cli/exit_codes.h"
#include "host/cli/failure_exit.h"
#include "host/cli/version.h"
#include "host/experiment/diagnostics/diagnostic.h"
#include "host/experiment/diagnostics/nearest.h"
#include "host/loading/catalog.h"

namespace binade::host {
namespace {

const std::map<std::string, ColorMode> color_modes{
    {"auto", ColorMode::automatic}, {"always", ColorMode::always}, {"never", ColorMode::never}};

// The verb that the user meant to use: the deepest that was parsed.
const CLI::App* innermost(const CLI::App* app) {
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return app;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* at = &app; at != nullptr; at = at->get_parent()) {
    for (const auto* option : at->get_options()) {
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

std::vector<std::string> verb_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* verb : app.get_subcommands({})) names.push_back(verb->get_name());
  return names;
}

std::string suggestion(const std::string& wrong, const CLI::App& app) {
  const bool option = wrong.starts_with("-");
  const auto nearest_name = nearest(wrong.substr(0, wrong.find('=')), option ? option_names(app) : verb_names(app));
  const std::string what = option ? "option" : "command";
  std::string text = fmt::format("there is no {} `{}`", what, wrong);
  if (!nearest_name.empty()) text += fmt::format("; did you mean `{}`?", nearest_name);
  return text;
}

}  // namespace

CommandLine::CommandLine(const std::string& name, const std::string& description) : app_(description, name) {
  app_.require_subcommand(0, 1);
  app_.set_version_flag("--version", version_text());
  app_.add_option_function<std::string>(
          "--color", [this](const std::string& mode) { color_ = color_modes.at(mode); },
          "Colours: auto, always or never")
      ->check(CLI::IsMember(std::set<std::string>{"auto", "always", "never"}).description(""))
      ->type_name("WHEN");
  app_.fallthrough();
  app_.footer(
      "Examples:\n"
      "  binade check experiment.toml\n"
      "  binade run experiment.toml --set train.steps=1000\n"
      "  binade plugins list\n"
      "\n`binade VERB --help` says more about each.");
  executable_ = std::filesystem::read_symlink("/proc/self/exe");
}

CLI::App& CommandLine::verb(CLI::App& parent, const std::string& name, const std::string& description,
                            const std::string& examples, std::function<int()> action) {
  auto& verb = *parent.add_subcommand(name, description);
  verb.footer("Examples:\n" + examples);
  verb.fallthrough();
  if (action) {
    verb.parse_complete_callback([this, action = std::move(action)] { action_ = action; });
  } else {
    verb.require_subcommand(1);
  }
  return verb;
}

int CommandLine::execute(int argc, char** argv) {
  try {
    return parse_and_run(argc, argv);
  } catch (...) {
    return exit_code_of_failure(color_);
  }
}

int CommandLine::parse_and_run(int argc, char** argv) {
  // The shorter way to call it: as it was called, or from the current folder, which may be gone.
  called_as_ = argc > 0 ? argv[0] : app_.get_name();
  std::error_code gone;
  const auto here = std::filesystem::current_path(gone);
  const auto from_here = gone ? called_as_ : executable_.lexically_proximate(here).string();
  if (called_as_.find('/') != std::string::npos && from_here.size() < called_as_.size()) called_as_ = from_here;
  try {
    app_.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    show("{}", Lines{innermost(&app_)->help()});
    return exit_ok;
  } catch (const CLI::CallForVersion&) {
    show("{}\n", Lines{version_text()});
    return exit_ok;
  } catch (const CLI::ParseError& error) {
    return explain(error);
  }
  if (!action_) {
    show("{}", Lines{app_.help()});
    return exit_usage;
  }
  const bool by_itself = stops_by_itself_.count(innermost(&app_)) != 0;
  take_stop_signals(by_itself ? Stopping::by_the_verb : Stopping::by_the_system);
  return action_();
}

int CommandLine::explain(const CLI::ParseError& error) const {
  const auto& verb = *innermost(&app_);
  auto extras = app_.remaining(true);
  std::string message = error.what();
  if (!extras.empty()) message = suggestion(extras.front(), verb);
  const auto command = &verb == &app_ ? app_.get_name() : fmt::format("{} {}", app_.get_name(), verb.get_name());
  show(stderr, "{}: {}\n\nsee `{} --help`\n", Paint(wants_color(color_, stderr)).red("error"), message, command);
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
