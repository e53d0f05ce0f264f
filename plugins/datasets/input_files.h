// Resolves paths to files.
//
//   a file    itself
//   a folder  every matching file below it except hidden ones (".name"); links to folders are not followed
//   a glob    files whose path matches; * ? and [...] match within a name, ** matches any number of folders, and none
//             of them matches a leading dot
//
// Broken and circular links in folders and globs are skipped with a warning.
#pragma once

#include <binade/options.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "known_format.h"
#include "text_form.h"

namespace input_files {

namespace fs = std::filesystem;

using Files = std::vector<fs::path>;

inline bool is_hidden(const fs::path& path) { return path.filename().native().front() == '.'; }
inline bool is_glob(const std::string& name) { return name.find_first_of("*?[") != std::string::npos; }

// Identifies a file regardless of its names and links.
using Identity = std::pair<dev_t, ino_t>;
inline Identity identity(const fs::path& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0 ? Identity(status.st_dev, status.st_ino) : Identity();
}

// Selects files in a folder; `described` completes the message "this folder holds no ...". For a rejected file that the
// user may have wanted, `what` is set to what it is.
struct Kind {
  bool (*counts)(const fs::path& path, std::string& what);
  const char* described;
};

// Like git, treats a file with a NUL in its first 8000 bytes as binary; also a file in a known format.
inline bool is_text(const fs::path& path, std::string& what) {
  char bytes[8000];
  std::ifstream file(path, std::ios::binary);
  file.read(bytes, sizeof(bytes));
  const std::string_view head(bytes, static_cast<std::size_t>(file.gcount()));
  std::error_code unknown;
  const auto* const format = known_format::find(head, fs::file_size(path, unknown), false);
  const auto* const wide = format == nullptr ? text_form::wide(head) : nullptr;
  if (wide != nullptr) what = std::string("text in ") + wide->name;
  if (format != nullptr && format->unpack != nullptr) what = format->name;
  return format == nullptr && wide == nullptr && head.find('\0') == head.npos;
}

constexpr Kind text = {is_text, "text file (hidden and binary files are ignored)"};

// Collects the files that paths refer to.
class Search {
 public:
  explicit Search(const Kind& kind) : kind_(kind) {}

  // Throws binade::Failure for a path that refers to no file.
  void add(const fs::path& path) {
    const auto before = files_.size();
    switch (type(path)) {
      case fs::file_type::directory:
        below(path);
        if (files_.size() > before) return;
        missing(path,
                std::string("this folder holds no ") + kind_.described + (other_.empty() ? "" : "; " + list(other_)));
      case fs::file_type::not_found:
        break;
      case fs::file_type::none:
        missing(path, "this link is broken");
      default:
        files_.push_back(path);
        return;
    }
    if (!is_glob(path.string())) missing(path, "no such file or folder");
    const fs::path parts = path.relative_path();
    match(path.root_path(), parts.begin(), parts.end());
    if (files_.size() == before) missing(path, "no file matches this glob");
  }

  // Returns each file once, regardless of its names and links, sorted.
  Files take() {
    std::sort(files_.begin(), files_.end());
    std::set<Identity> seen;
    Files once;
    for (auto& file : files_) {
      if (seen.insert(identity(file)).second) once.push_back(std::move(file));
    }
    return once;
  }

  void tell(const binade::Host& host) const {
    if (!broken_.empty()) host.warning("skipped broken links: " + list(broken_));
    if (!other_.empty()) host.warning("skipped files that are not plain text: " + list(other_));
  }

 private:
  [[noreturn]] static void missing(const fs::path& path, const std::string& reason) {
    throw binade::Failure(BINADE_NOT_FOUND, path.string() + ": " + reason);
  }

  [[noreturn]] static void unreadable(const fs::path& folder, const std::error_code& error) {
    throw binade::Failure(BINADE_BAD_DATA, folder.string() + ": cannot be read: " + error.message());
  }

  // The type of the file, or of a link's target; `none` for a broken or circular link.
  static fs::file_type type(const fs::path& path) {
    std::error_code error;
    const auto found = fs::status(path, error).type();
    if (found != fs::file_type::none && found != fs::file_type::not_found) return found;
    const bool link = fs::symlink_status(path, error).type() == fs::file_type::symlink;
    return link ? fs::file_type::none : fs::file_type::not_found;
  }

  void below(const fs::path& folder) {
    std::error_code error;
    for (fs::recursive_directory_iterator entry(folder, error), end; entry != end; entry.increment(error)) {
      if (is_hidden(entry->path())) {
        entry.disable_recursion_pending();
        continue;
      }
      const auto found = type(entry->path());
      if (found == fs::file_type::none) broken_.push_back(entry->path().string());
      std::string what;
      if (found != fs::file_type::regular) continue;
      if (kind_.counts(entry->path(), what)) {
        files_.push_back(entry->path());
      } else if (!what.empty()) {
        other_.push_back(entry->path().string() + " is " + what);
      }
    }
    // An error must not silently shorten the data.
    if (error) unreadable(folder, error);
  }

  // Adds the files below `base` that match the parts [part, end).
  void match(const fs::path& base, fs::path::iterator part, const fs::path::iterator& end) {
    const auto found = type(base);
    if (found == fs::file_type::none) broken_.push_back(base.string());
    if (part == end) {
      if (found == fs::file_type::regular) files_.push_back(base);
      return;
    }
    if (found != fs::file_type::directory) return;
    const std::string name = (part++)->string();
    if (!is_glob(name)) return match(base / name, part, end);
    const bool any_depth = name == "**";
    if (any_depth && part != end) match(base, part, end);
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(base, error)) {
      if (any_depth && !is_hidden(entry.path()) && !entry.is_symlink() && entry.is_directory()) {
        match(entry.path(), std::prev(part), end);
      }
      // A trailing ** matches files as * does.
      const bool descends = any_depth && part != end;
      if (!descends && fnmatch(name.c_str(), entry.path().filename().c_str(), FNM_PERIOD) == 0) {
        match(entry.path(), part, end);
      }
    }
    if (error) unreadable(base, error);
  }

  // Lists names once each, in sorted order, as the files are read.
  static std::string list(const std::vector<std::string>& found) {
    const std::set<std::string> names(found.begin(), found.end());
    constexpr std::size_t most = 5;
    std::string text;
    std::size_t shown = 0;
    for (const auto& name : names) {
      if (shown == most) return text + " and " + std::to_string(names.size() - most) + " more";
      text.append(shown++ > 0 ? ", " : "").append(name);
    }
    return text;
  }

  const Kind& kind_;
  Files files_;
  std::vector<std::string> broken_, other_;
};

// Returns the files of all paths, each once, sorted. `option` is the option that holds the paths. Throws
// binade::Failure for a path that refers to no file.
inline Files find(const std::vector<std::string>& paths, const Kind& kind, const binade::Host& host,
                  const std::string& option = "paths") {
  if (paths.empty())
    throw binade::Failure(BINADE_NOT_FOUND, "`" + option + "` is empty: name a file, a folder or a glob");
  Search search(kind);
  for (const auto& path : paths) search.add(fs::path(path).lexically_normal());
  search.tell(host);
  return search.take();
}

// Throws std::invalid_argument if a validation file is also a training file, under any name. `options` names the two
// options that hold them.
inline void refuse_shared(const Files& train, const Files& validation, const std::string& options) {
  std::set<Identity> known;
  for (const auto& file : train) known.insert(identity(file));
  for (const auto& file : validation) {
    if (known.count(identity(file)) == 0) continue;
    throw std::invalid_argument(file.string() + ": is in " + options + ": validation data must not be training data");
  }
}

}  // namespace input_files
