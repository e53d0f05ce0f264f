// A mistake in an experiment file, with its location and its text.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace binade::host {

// The location of a key or a value. `line` and `column` count from 1, columns in Unicode code points as in editors.
// Line 0 means the whole source.
struct Location {
  std::string source;  // a file as the user named it, or an override as given: "--set train.steps=0"
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t length = 1;  // code points under the caret

  friend bool operator==(const Location&, const Location&) = default;
};

struct Diagnostic {
  std::string code;     // "E0103", one of diagnostic_pages()
  std::string message;  // one line, names in `backticks`
  Location where;
  std::string label;               // beside the caret: "did you mean `weight_decay`?"
  std::vector<std::string> notes;  // lines below: "valid keys: betas, eps, lr"
};

// Collects mistakes, so that one run reports them all.
class Diagnostics {
 public:
  void add(Diagnostic diagnostic) { all_.push_back(std::move(diagnostic)); }
  bool empty() const { return all_.empty(); }
  const std::vector<Diagnostic>& all() const { return all_; }

  // Adds the text of a source, for the line above the caret.
  void add_source(const std::string& name, std::string text) { sources_[name] = std::move(text); }

  // Adds a remark in brackets after a source's name: "overrides first_run.toml:9, which said 500".
  void add_remark(const std::string& source, std::string remark) { remarks_[source] = std::move(remark); }

  // Returns at most 20 of them in order of location, then "and N more", then the total. `color` adds ANSI colours.
  std::string render(bool color) const;

 private:
  std::vector<Diagnostic> all_;
  std::map<std::string, std::string> sources_;
  std::map<std::string, std::string> remarks_;
};

}  // namespace binade::host
