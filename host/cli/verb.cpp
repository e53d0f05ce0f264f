#include "host/cli/verb.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>

#include "host/experiment/diagnostics/nearest.h"

namespace binade::host {
namespace {

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
  auto text = fmt::format("there is no {} `{}`", option ? "option" : "command", wrong);
  if (!nearest_name.empty()) text += fmt::format("; did you mean `{}`?", nearest_name);
  return text;
}

}  // namespace

Verb::Option& Verb::Option::required() {
  option_->required();
  return *this;
}

Verb::Option& Verb::Option::show_default() {
  option_->capture_default_str();
  return *this;
}

Verb::Option& Verb::Option::show_default(const std::string& text) {
  option_->default_str(text);
  return *this;
}

Verb::Option& Verb::Option::one_of(const std::vector<std::string>& choices) {
  option_->check(CLI::IsMember(choices));
  return *this;
}

Verb::Option& Verb::Option::within(std::uint64_t min, std::uint64_t max) {
  option_->check(CLI::Range(min, max).description(""));
  return *this;
}

Verb::Option& Verb::Option::positive() {
  option_->check(CLI::PositiveNumber);
  return *this;
}

Verb::Option& Verb::Option::excludes(const Option& other) {
  option_->excludes(other.option_);
  return *this;
}

Verb::Verb(const std::string& name, const std::string& description, const std::string& version)
    : own_(std::make_unique<CLI::App>(description, name)), app_(own_.get()) {
  app_->require_subcommand(0, 1);
  app_->set_version_flag("--version", version);
  app_->fallthrough();
}

Verb::Verb(Verb& parent, CLI::App& app) : app_(&app), parent_(&parent) { app_->fallthrough(); }

Verb::~Verb() = default;

Verb& Verb::add(const std::string& name, const std::string& description) {
  verbs_.push_back(std::unique_ptr<Verb>(new Verb(*this, *app_->add_subcommand(name, description))));
  return *verbs_.back();
}

void Verb::footer(const std::string& text) { app_->footer(text); }

void Verb::require_verb() { app_->require_subcommand(1); }

void Verb::accept_everything() { accepts_everything_ = true; }

void Verb::argument(const std::string& name, std::string& target, const std::string& help) {
  app_->add_option(name, target, help)->required()->type_name("");
}

void Verb::arguments(const std::string& name, std::vector<std::string>& target, const std::string& help) {
  app_->add_option(name, target, help)->type_name("");
}

template <class Value>
Verb::Option Verb::option(const std::string& names, Value& target, const std::string& value, const std::string& help) {
  return Option(*app_->add_option(names, target, help)->type_name(value));
}
template Verb::Option Verb::option(const std::string&, std::string&, const std::string&, const std::string&);
template Verb::Option Verb::option(const std::string&, std::uint64_t&, const std::string&, const std::string&);
template Verb::Option Verb::option(const std::string&, double&, const std::string&, const std::string&);
template Verb::Option Verb::option(const std::string&, std::filesystem::path&, const std::string&, const std::string&);
template Verb::Option Verb::option(const std::string&, std::optional<std::uint64_t>&, const std::string&,
                                   const std::string&);

Verb::Option Verb::parsed_option(const std::string& names, const Take& take, const std::string& value,
                                 const std::string& help) {
  auto* const option = app_->add_option_function<std::string>(
      names, [](const std::string&) {}, help);
  return Option(*option->check(CLI::Validator(take, ""))->type_name(value));
}

void Verb::repeatable(const std::string& names, std::vector<std::string>& target, const std::string& value,
                      const std::string& help) {
  app_->add_option(names, target, help)->type_name(value)->expected(1)->take_all()->allow_extra_args(false);
}

Verb::Option Verb::flag(const std::string& names, bool& target, const std::string& help) {
  return Option(*app_->add_flag(names, target, help));
}

const Verb& Verb::innermost() const {
  for (const auto& verb : verbs_) {
    if (verb->app_->parsed()) return verb->innermost();
  }
  return *this;
}

ParsedCommand Verb::parse(std::span<char* const> arguments) {
  auto command = parse_once(arguments);
  if (command.verb->accepts_everything_) command.request = ParsedCommand::Request::action;
  return command;
}

ParsedCommand Verb::parse_once(std::span<char* const> arguments) {
  using Request = ParsedCommand::Request;
  try {
    app_->parse(static_cast<int>(arguments.size()), arguments.data());
    return {Request::action, &innermost(), ""};
  } catch (const CLI::CallForHelp&) {
    return {Request::help, &innermost(), ""};
  } catch (const CLI::CallForVersion&) {
    return {Request::version, &innermost(), ""};
  } catch (const CLI::ParseError& error) {
    const auto& verb = innermost();
    const auto extras = app_->remaining(true);
    return {Request::correction, &verb, extras.empty() ? error.what() : suggestion(extras.front(), *verb.app_)};
  }
}

std::string Verb::command() const {
  return parent_ == nullptr ? app_->get_name() : parent_->command() + " " + app_->get_name();
}

std::string Verb::help() const { return app_->help(parent_ == nullptr ? "" : parent_->command()); }

}  // namespace binade::host
