#include "host/commands/explain.h"

#include <fmt/format.h>

#include <memory>
#include <vector>

#include "host/cli/command_line.h"
#include "host/cli/exit_codes.h"
#include "host/experiment/diagnostics/diagnostic_pages.h"

namespace binade::host {
namespace {

int list_codes() {
  for (const auto& page : diagnostic_pages()) show("{}  {}\n", page.code, page.meaning);
  show("\n`binade explain CODE` explains a code, with an example and how to fix it\n");
  return exit_ok;
}

int explain(const std::vector<std::string>& codes, const CommandLine& line) {
  if (codes.empty()) return list_codes();
  std::string text;
  for (const auto& code : codes) {
    const auto page = explanation_of(code);
    if (!page) {
      show(stderr, "{}: there is no code `{}`\n\n`binade explain` lists all codes\n",
           Paint(wants_color(line.color(), stderr)).red("error"), code);
      return exit_usage;
    }
    if (!text.empty()) text += "\n";
    text += *page;
  }
  show("{}", Lines{text});
  return exit_ok;
}

}  // namespace

void add_explain(CommandLine& line) {
  const auto codes = std::make_shared<std::vector<std::string>>();
  auto& verb = line.verb("explain", "Explain the code of an error message and how to fix the error",
                         "  binade explain E0103\n  binade explain", [codes, &line] { return explain(*codes, line); });
  verb.arguments("CODE", *codes, "Codes as in error[E0103]; lists all codes without one");
}

}  // namespace binade::host
