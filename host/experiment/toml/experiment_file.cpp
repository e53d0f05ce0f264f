#include "host/experiment/toml/experiment_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "host/base/regular_file.h"
#include "host/base/system_call.h"
#include "host/experiment/diagnostics/nearest.h"

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
  const auto opened = open_to_read(file);
  if (!opened.descriptor) {
    const auto* advice = opened.error == EINVAL ? "give an experiment's .toml file" : "";
    add_unreadable(file, where, opened.reason, advice, diagnostics);
    return std::nullopt;
  }
  std::string text(limit, '\0');
  std::size_t size = 0;
  while (size < limit) {
    const auto read = [&] { return ::read(opened.descriptor.number(), text.data() + size, limit - size); };
    const auto bytes = uninterrupted(read);
    if (bytes < 0) {
      add_unreadable(file, where, std::generic_category().message(errno), "", diagnostics);
      return std::nullopt;
    }
    if (bytes == 0) break;
    size += static_cast<std::size_t>(bytes);
  }
  text.resize(size);
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
