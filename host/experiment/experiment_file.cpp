// Reading an experiment file.
#include "host/experiment/experiment_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

namespace binade::host {
namespace {

namespace fs = std::filesystem;

std::string similar_file(const fs::path& file) {
  std::vector<std::string> names;
  std::error_code ignored;
  const auto folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  for (auto entry = fs::directory_iterator(folder, ignored); !ignored && entry != fs::directory_iterator();
       entry.increment(ignored)) {
    if (entry->path().extension() == ".toml") names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  const auto close = nearest(file.filename().string(), names);
  return close.empty() ? "" : (file.parent_path() / close).string();
}

void add_unreadable(const fs::path& file, const Location& where, const std::string& why, const std::string& advice,
                    Diagnostics& diagnostics) {
  Diagnostic diagnostic;
  diagnostic.code = "E0101";
  diagnostic.message = fmt::format("cannot read `{}`: {}", file.string(), why);
  diagnostic.where = where;
  if (where.source.empty()) diagnostic.where.source = file.string();
  if (!advice.empty()) diagnostic.notes.push_back(advice);
  diagnostics.add(std::move(diagnostic));
}

std::string last_error() { return errno != 0 ? std::generic_category().message(errno) : "it cannot be read"; }

}  // namespace

std::optional<std::string> read_experiment_file(const fs::path& file, const Location& where, Diagnostics& diagnostics) {
  constexpr std::size_t limit = (1 << 20) + 1;  // one byte more than the parser takes
  std::error_code ignored;
  const auto status = fs::status(file, ignored);
  if (status.type() == fs::file_type::not_found) {
    const auto close = similar_file(file);
    const auto advice = close.empty() ? "" : fmt::format("did you mean `{}`?", close);
    add_unreadable(file, where, "there is no such file", advice, diagnostics);
    return std::nullopt;
  }
  if (fs::is_directory(status)) {
    add_unreadable(file, where, "it is a folder", "give an experiment's .toml file", diagnostics);
    return std::nullopt;
  }
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  std::string text(limit, '\0');
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad()) {
    add_unreadable(file, where, last_error(), "", diagnostics);
    return std::nullopt;
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

std::string name_from_file(const fs::path& file) {
  constexpr std::size_t longest = 64;
  std::string name = file.stem().string();
  for (char& c : name) {
    const bool good =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (!good) c = '-';
  }
  if (name.empty() || name.front() == '.') name.insert(0, "run");
  return name.substr(0, longest);
}

}  // namespace binade::host
