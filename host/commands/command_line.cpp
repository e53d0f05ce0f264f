#include "host/commands/command_line.h"

#include <fmt/format.h>

#include <map>
#include <new>
#include <set>

#include "binade/abi/plugin.h"
#include "host/commands/exit_codes.h"
#include "host/commands/version.h"
#include "host/experiment/diagnostic.h"
#include "host/experiment/diagnostic_pages.h"
#include "host/loading/plugin.h"
#include "host/loading/refused.h"
#include "host/storage/bad_checkpoint.h"

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

bool is_data_error(std::int32_t status) { return status == BINADE_BAD_DATA || status == BINADE_NOT_FOUND; }

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
  // The shorter way to call it: as it was called, or from the current folder.
  called_as_ = argv[0];
  const auto from_here = executable_.lexically_proximate(std::filesystem::current_path()).string();
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
  return run_action();
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

int CommandLine::run_action() const {
  const auto say = [&](std::string_view text) { log_line(color_, BINADE_LOG_ERROR, text); };
  try {
    return action_();
  } catch (const PluginRefused& refused) {
    const Paint paint(wants_color(color_, stderr));
    const auto who = refused.id().empty() ? "" : fmt::format("plugin `{}` refused: ", refused.id());
    show(stderr, "{}: {}\n{}", paint.red(fmt::format("error[{}]", refused.code())),
         Lines{shown_message(who + refused.what())}, Lines{explain_hint(refused.code())});
    return exit_plugin_refused;
  } catch (const PluginError& error) {
    const bool out_of_memory = error.status() == BINADE_OUT_OF_MEMORY;
    say(fmt::format("{}{}", error.what(), out_of_memory ? "; a smaller batch_size or model needs less" : ""));
    return is_data_error(error.status()) ? exit_bad_data : exit_run_failed;
  } catch (const BadCheckpoint& error) {
    say(error.what());
    return exit_bad_data;
  } catch (const std::bad_alloc&) {
    say("out of memory; a smaller batch_size or model needs less");
    return exit_run_failed;
  } catch (const std::logic_error& error) {
    say(fmt::format("a mistake in Binade itself, please report it: {}", error.what()));
    return exit_internal;
  } catch (const std::exception& error) {
    say(error.what());
    return exit_run_failed;
  }
}

}  // namespace binade::host
