#include "host/commands/validate.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "host/cli/command_line.h"
#include "host/conformance/validate_verb.h"

namespace binade::host {
namespace {

namespace fs = std::filesystem;

fs::path find_validate(const fs::path& executable) {
  const auto prefix = executable.parent_path().parent_path();
  const auto usual = prefix / BINADE_INSTALL_LIBEXECDIR / "binade" / "validate";
  return fs::exists(usual) ? usual : prefix / "libexec" / "binade" / "validate";  // in the build tree
}

[[noreturn]] void become_validate(const CommandLine& line) {
  const auto program = find_validate(line.executable());
  if (!fs::exists(program)) {
    throw std::runtime_error(fmt::format("{} is missing: reinstall Binade, or build all of it", program.string()));
  }
  auto executable = line.executable().string();
  const auto given = line.arguments();
  std::vector<char*> arguments(given.begin(), given.end());
  arguments.insert(arguments.begin() + 1, executable.data());
  arguments.push_back(nullptr);
  execv(program.c_str(), arguments.data());
  throw std::system_error(errno, std::generic_category(), "cannot start " + program.string());
}

}  // namespace

void add_validate(CommandLine& line, Verb& plugins) {
  line.verb(plugins, "validate", validate_description, "", [&line]() -> int { become_validate(line); })
      .accept_everything();
}

}  // namespace binade::host
