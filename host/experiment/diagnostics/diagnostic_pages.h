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
  std::string_view example;      // what gives it: lines of an experiment (E01xx) or a manifest (E02xx), or a situation
  std::string_view remedy;       // how to mend it; {sections} stands for the names of all sections
};

// E01xx: experiment files. E02xx: manifests; those below E0220 mean what E01xx with the same last digits means. E03xx:
// plugins refused before or while they are loaded.
std::span<const DiagnosticPage> diagnostic_pages();

// The page as text: meaning, explanation, example, remedy. nullopt for a code that does not exist; "e0103" will do.
std::optional<std::string> explanation_of(std::string_view code);

// "explain: binade explain E0103 E0117", a line for below the mistakes; empty when there are none.
std::string explain_hint(const Diagnostics& diagnostics);
// The same for one code.
std::string explain_hint(const std::string& code);

}  // namespace binade::host
