// A verb of the command line, with its arguments and options. Only verb.cpp includes CLI11, which takes seconds to
// compile.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's
class App;
class Option;
}  // namespace CLI

namespace binade::host {

struct ParsedCommand;

// parse() writes the targets of arguments and options, which must live until then.
class Verb {
 public:
  // An option that was just added, to say more about it.
  class Option {
   public:
    explicit Option(CLI::Option& option) : option_(&option) {}
    Option& required();
    Option& show_default();  // show the target's present value in the help
    Option& show_default(const std::string& text);
    Option& one_of(const std::vector<std::string>& choices);
    Option& within(std::uint64_t min, std::uint64_t max);
    Option& positive();
    Option& excludes(const Option& other);

   private:
    CLI::Option* option_;
  };
  // Takes an option's text. Returns what is wrong with it, or an empty string.
  using Take = std::function<std::string(const std::string& text)>;

  // The program itself.
  Verb(const std::string& name, const std::string& description, const std::string& version);
  ~Verb();
  Verb(const Verb&) = delete;
  Verb& operator=(const Verb&) = delete;

  // Adds a verb below this one, which owns it.
  Verb& add(const std::string& name, const std::string& description);
  // Shows `text` below the help.
  void footer(const std::string& text);
  // Makes one of the verbs below this one mandatory.
  void require_verb();
  // Accepts any arguments after this verb. Its action must read them itself.
  void accept_everything();

  // Adds a required positional argument.
  void argument(const std::string& name, std::string& target, const std::string& help);
  // Adds a positional argument of any number of words.
  void arguments(const std::string& name, std::vector<std::string>& target, const std::string& help);
  // `names`: "--runs" or "-o,--output". `value` is the value's name in the help. Value is std::string, std::uint64_t,
  // double, std::filesystem::path or std::optional<std::uint64_t>.
  template <class Value>
  Option option(const std::string& names, Value& target, const std::string& value, const std::string& help);
  Option parsed_option(const std::string& names, const Take& take, const std::string& value, const std::string& help);
  // Adds an option that may be given many times, with one value each.
  void repeatable(const std::string& names, std::vector<std::string>& target, const std::string& value,
                  const std::string& help);
  Option flag(const std::string& names, bool& target, const std::string& help);

  // Must be called on the program itself. `arguments` begin with the program's name. Reports the user's mistakes in the
  // result and does not throw.
  ParsedCommand parse(std::span<char* const> arguments);

  std::string command() const;  // "binade plugins list"
  std::string help() const;

 private:
  Verb(Verb& parent, CLI::App& app);
  const Verb& innermost() const;
  ParsedCommand parse_once(std::span<char* const> arguments);

  std::unique_ptr<CLI::App> own_;  // set for the program itself
  CLI::App* app_;
  const Verb* parent_ = nullptr;
  std::vector<std::unique_ptr<Verb>> verbs_;
  bool accepts_everything_ = false;
};

// What the user asked for.
struct ParsedCommand {
  enum class Request { action, help, version, correction };
  Request request;
  const Verb* verb;     // the innermost verb that was given
  std::string mistake;  // set for a correction
};

}  // namespace binade::host
