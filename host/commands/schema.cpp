#include "host/commands/schema.h"

#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <stdexcept>

#include "host/cli/command_line.h"
#include "host/cli/exit_codes.h"
#include "host/experiment/schema/json_schema.h"
#include "host/loading/catalog.h"

namespace binade::host {
namespace {

int schema(const std::string& out, const CommandLine& line) {
  const Catalog catalog(line.plugin_folders());
  const auto text = json_schema(catalog);
  if (out.empty()) {
    show("{}", Lines{text});
    return exit_ok;
  }
  std::ofstream file(out, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw std::runtime_error(fmt::format("cannot write `{}`", out));
  show("wrote {}; editors with taplo check an experiment beside it that begins with this line:\n", out);
  show("#:schema ./{}\n", std::filesystem::path(out).filename().string());
  return exit_ok;
}

}  // namespace

void add_schema(CommandLine& line) {
  const auto out = std::make_shared<std::string>();
  auto& verb =
      line.verb("schema", "Write a JSON Schema of experiments for editors, with the installed plugins",
                "  binade schema --out binade.json\n  binade schema", [out, &line] { return schema(*out, line); });
  verb.option("--out", *out, "FILE", "The file to write; standard output by default");
}

}  // namespace binade::host
