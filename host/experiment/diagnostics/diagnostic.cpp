// Renders mistakes.
#include "host/experiment/diagnostics/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>

#include "binade/printable.h"
#include "host/experiment/secrets.h"

namespace binade::host {
namespace {

constexpr std::size_t max_shown = 20;
constexpr std::size_t max_width = 110;  // code points of a source line
constexpr std::size_t tab_width = 4;

struct Colors {
  std::string_view error, strong, gutter, off;
};
constexpr Colors plain{"", "", "", ""};
constexpr Colors ansi{"\033[1;31m", "\033[1m", "\033[1;34m", "\033[0m"};

std::string_view line_of(const std::string& text, std::uint32_t line) {
  std::size_t begin = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  for (; line > 1; --line) {
    begin = text.find('\n', begin);
    if (begin == std::string::npos) return {};
    ++begin;
  }
  auto found = std::string_view(text).substr(begin, text.find('\n', begin) - begin);
  if (found.ends_with('\r')) found.remove_suffix(1);
  return found;
}

// Returns one string per code point as it is shown: tabs as blanks, control and invalid characters as '?'.
std::vector<std::string> cells(std::string_view line) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < line.size();) {
    std::size_t end = i + 1;
    while (end < line.size() && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) ++end;
    const auto cell = line.substr(i, end - i);
    out.push_back(cell == "\t" ? std::string(tab_width, ' ') : std::string(printable(cell) == cell ? cell : "?"));
    i = end;
  }
  return out;
}

std::string join(const std::vector<std::string>& parts, std::size_t begin, std::size_t end) {
  std::string out;
  for (std::size_t i = begin; i < end && i < parts.size(); ++i) out += parts[i];
  return out;
}

std::size_t width(const std::vector<std::string>& parts, std::size_t begin, std::size_t end) {
  std::size_t sum = 0;
  for (std::size_t i = begin; i < end; ++i)
    sum += i < parts.size() && parts[i] == std::string(tab_width, ' ') ? tab_width : 1;
  return sum;
}

struct Excerpt {
  std::string line, carets;
};

// The source line, cut around the caret when it is too long, and the carets below it.
Excerpt excerpt(std::string_view source_line, Location where) {
  const auto parts = cells(without_passwords(source_line));
  const auto hidden = cells(source_line).size() - parts.size();
  where.length = where.length > hidden ? where.length - static_cast<std::uint32_t>(hidden) : 1;
  const std::size_t caret = where.column == 0 ? 0 : where.column - 1;
  std::size_t begin = 0;
  std::size_t end = parts.size();
  if (parts.size() > max_width) {
    begin = caret > max_width / 2 ? caret - max_width / 2 : 0;
    end = std::min(parts.size(), begin + max_width);
  }
  const std::size_t caret_end = std::clamp<std::size_t>(caret + where.length, caret + 1, std::max(end, caret + 1));
  const std::string cut_begin = begin > 0 ? "..." : "";
  Excerpt out;
  out.line = cut_begin + join(parts, begin, end) + (end < parts.size() ? "..." : "");
  out.carets = std::string(cut_begin.size() + width(parts, begin, caret), ' ') +
               std::string(width(parts, caret, caret_end), '^');
  return out;
}

struct Texts {
  const std::map<std::string, std::string>& sources;
  const std::map<std::string, std::string>& remarks;
};

std::string place(const Location& where, const Texts& texts) {
  auto out = printable(where.source);
  if (where.line > 0) out += fmt::format(":{}:{}", where.line, where.column);
  if (const auto remark = texts.remarks.find(where.source); remark != texts.remarks.end()) {
    out += fmt::format(" ({})", printable(remark->second));
  }
  return out;
}

std::string render_one(const Diagnostic& diagnostic, const Texts& texts, const Colors& c) {
  const Location& where = diagnostic.where;
  const std::string number = where.line > 0 ? std::to_string(where.line) : "";
  const std::size_t gutter = std::max<std::size_t>(2, number.size());
  const std::string indent(gutter, ' ');
  std::string out = fmt::format("{}error[{}]{}{}: {}{}\n", c.error, diagnostic.code, c.off, c.strong,
                                printable(diagnostic.message), c.off);
  out += fmt::format("{}{}-->{} {}\n", indent, c.gutter, c.off, place(where, texts));
  const auto source = texts.sources.find(where.source);
  if (where.line > 0 && source != texts.sources.end()) {
    const auto [line, carets] = excerpt(line_of(source->second, where.line), where);
    const auto label = diagnostic.label.empty() ? "" : fmt::format(" {}", printable(diagnostic.label));
    out += fmt::format("{}{:>{}} |{} {}\n", c.gutter, number, gutter, c.off, line);
    out += fmt::format("{}{} |{} {}{}{}{}\n", c.gutter, indent, c.off, c.error, carets, label, c.off);
  } else if (!diagnostic.label.empty()) {
    out += fmt::format("{} {}={} {}\n", indent, c.gutter, c.off, printable(diagnostic.label));
  }
  for (const auto& note : diagnostic.notes) {
    out += fmt::format("{} {}={} {}\n", indent, c.gutter, c.off, printable(note));
  }
  return out;
}

// "3 mistakes in first_run.toml and the overrides", "4 mistakes in 2 files"
std::string summary(const std::vector<const Diagnostic*>& all) {
  std::set<std::string> files;
  bool overrides = false;
  for (const auto* diagnostic : all) {
    const auto& source = diagnostic->where.source;
    if (source.starts_with("--set ")) {
      overrides = true;
    } else if (!source.empty()) {
      files.insert(source);
    }
  }
  auto out = fmt::format("{} mistake{}", all.size(), all.size() == 1 ? "" : "s");
  if (files.size() == 1)
    out += fmt::format(" in {}{}", printable(*files.begin()), overrides ? " and the overrides" : "");
  if (files.size() > 1) out += fmt::format(" in {} files{}", files.size(), overrides ? " and the overrides" : "");
  if (files.empty() && overrides) out += " in the overrides";
  return out;
}

}  // namespace

std::string Diagnostics::render(bool color) const {
  if (all_.empty()) return {};
  std::map<std::string, std::size_t> rank;  // sources in the order of their first mistakes
  std::vector<const Diagnostic*> ordered;
  for (const auto& diagnostic : all_) {
    rank.emplace(diagnostic.where.source, rank.size());
    ordered.push_back(&diagnostic);
  }
  const auto key = [&](const Diagnostic* d) {
    const bool is_override = d->where.source.starts_with("--set ");
    return std::tuple(is_override, rank.at(d->where.source), d->where.line, d->where.column);
  };
  std::stable_sort(ordered.begin(), ordered.end(), [&](auto* a, auto* b) { return key(a) < key(b); });

  const Colors& c = color ? ansi : plain;
  const Texts texts{sources_, remarks_};
  std::string out;
  for (std::size_t i = 0; i < std::min(ordered.size(), max_shown); ++i) out += render_one(*ordered[i], texts, c) + "\n";
  if (ordered.size() > max_shown) out += fmt::format("... and {} more\n\n", ordered.size() - max_shown);
  out += fmt::format("{}error{}{}: {}{}\n", c.error, c.off, c.strong, summary(ordered), c.off);
  return without_passwords(out);
}

}  // namespace binade::host
