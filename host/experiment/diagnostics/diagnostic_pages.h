// The codes of mistakes, each with the page that `binade explain` shows for it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "host/experiment/diagnostics/diagnostic.h"

namespace binade::host {

struct DiagnosticPage {
  std::string_view code;
  std::string_view meaning;      // in one line
  std::string_view explanation;  // what it means
  std::string_view example;      // its cause: lines of an experiment (E01xx) or a manifest (E02xx), or a situation
  std::string_view remedy;       // how to fix it; {sections} stands for the names of all sections
};

// E01xx: experiment files. E02xx: manifests; codes below E0220 have the meaning of the E01xx with the same last digits.
// E03xx: plugins that are refused before or while they are loaded.
std::span<const DiagnosticPage> diagnostic_pages();

// Returns the page as text: meaning, explanation, example, remedy; nullopt for an unknown code. Ignores case.
std::optional<std::string> explanation_of(std::string_view code);

// Returns a line to print below the mistakes: "explain: binade explain E0103 E0117". Empty without mistakes.
std::string explain_hint(const Diagnostics& diagnostics);
// The same for one code.
std::string explain_hint(const std::string& code);

}  // namespace binade::host
