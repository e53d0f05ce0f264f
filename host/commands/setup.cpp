// Executes the script with which the bootstrap fetches LibTorch.
#include "host/commands/setup.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "host/cli/command_line.h"

namespace binade::host {
namespace {

struct SetupArguments {
  bool cuda = false, cpu = false;
};

int setup(const SetupArguments& arguments, const CommandLine& line) {
  const auto prefix = line.executable().parent_path().parent_path();
  const auto script = prefix / BINADE_INSTALL_DATADIR / "binade" / "libtorch.sh";
  if (!std::filesystem::exists(script)) {
    throw std::runtime_error(fmt::format("{} is missing: reinstall Binade", script.string()));
  }
  if (arguments.cuda || arguments.cpu) setenv("BINADE_CUDA", arguments.cuda ? "1" : "0", /*overwrite=*/1);
  execlp("bash", "bash", script.c_str(), nullptr);
  throw std::system_error(errno, std::generic_category(), "cannot start bash");
}

}  // namespace

void add_setup(CommandLine& line) {
  const auto arguments = std::make_shared<SetupArguments>();
  auto& verb = line.verb("setup", "Fetch LibTorch, which training needs, into ~/.cache/binade",
                         "  binade setup          545 MB; 2.5 GB with CUDA's libraries if there is a GPU\n"
                         "  binade setup --cpu    without CUDA's libraries\n"
                         "\nBINADE_CACHE names another folder. If you have LibTorch 2.11.0 already, set "
                         "BINADE_LIBTORCH to its folder instead.",
                         [arguments, &line] { return setup(*arguments, line); });
  const auto cuda = verb.flag("--cuda", arguments->cuda, "With CUDA's libraries, even if there is no GPU here");
  verb.flag("--cpu", arguments->cpu, "Without CUDA's libraries, even if there is a GPU here").excludes(cuda);
}

}  // namespace binade::host
