// From paths to the files that they mean.
//
//   a file    itself
//   a folder  every file below it that counts, but for hidden ones (".name"); links to folders are not followed
//   a glob    files whose path matches; * ? and [...] match within a name, ** any number of folders, and none of them
//             a leading dot
#pragma once

#include <binade/options.h>
#include <fnmatch.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace input_files {

namespace fs = std::filesystem;

inline bool is_hidden(const fs::path& path) { return path.filename().native().front() == '.'; }

// Which files of a folder count, and what stands in messages: "this folder holds no ...".
struct Kind {
  bool (*counts)(const fs::path& path);
  const char* described;
};

// A NUL in the first 8000 bytes: git's rule.
inline bool is_binary(const fs::path& path) {
  char head[8000];
  std::ifstream file(path, std::ios::binary);
  file.read(head, sizeof(head));
  return std::memchr(head, '\0', static_cast<std::size_t>(file.gcount())) != nullptr;
}

constexpr Kind text = {[](const fs::path& path) { return !is_binary(path); },
                       "text file (hidden and binary files do not count)"};

inline bool is_glob(const std::string& name) { return name.find_first_of("*?[") != std::string::npos; }

inline std::vector<fs::path> below(const fs::path& folder, const Kind& kind) {
  std::vector<fs::path> files;
  for (auto entry = fs::recursive_directory_iterator(folder); entry != fs::recursive_directory_iterator(); ++entry) {
    if (is_hidden(entry->path())) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file() && kind.counts(entry->path())) {
      files.push_back(entry->path());
    }
  }
  return files;
}

// Adds what matches the parts [part, end) below `base`.
inline void match(const fs::path& base, fs::path::iterator part, const fs::path::iterator& end,
                  std::vector<fs::path>& files) {
  if (part == end) {
    if (fs::is_regular_file(base)) files.push_back(base);
    return;
  }
  const std::string name = (part++)->string();
  if (!is_glob(name)) {
    if (fs::exists(base / name)) match(base / name, part, end, files);
    return;
  }
  if (!fs::is_directory(base)) return;
  const bool any_depth = name == "**";
  if (any_depth && part != end) match(base, part, end, files);
  for (const auto& entry : fs::directory_iterator(base)) {
    if (any_depth && !is_hidden(entry.path()) && entry.is_directory() && !entry.is_symlink()) {
      match(entry.path(), std::prev(part), end, files);
    }
    // A last ** takes files as * does.
    const bool descends = any_depth && part != end;
    if (!descends && fnmatch(name.c_str(), entry.path().filename().c_str(), FNM_PERIOD) == 0) {
      match(entry.path(), part, end, files);
    }
  }
}

inline std::vector<fs::path> of(const fs::path& path, const Kind& kind) {
  if (fs::is_directory(path)) {
    auto files = below(path, kind);
    if (files.empty()) {
      throw binade::Failure(BINADE_NOT_FOUND, path.string() + ": this folder holds no " + kind.described);
    }
    return files;
  }
  if (fs::exists(path)) return {path};
  if (!is_glob(path.string())) throw binade::Failure(BINADE_NOT_FOUND, path.string() + ": no such file or folder");
  std::vector<fs::path> files;
  const fs::path parts = path.relative_path();
  match(path.root_path(), parts.begin(), parts.end(), files);
  if (files.empty()) throw binade::Failure(BINADE_NOT_FOUND, path.string() + ": no file matches this glob");
  return files;
}

// All files of all paths, each once, sorted. `option` gave the paths. Throws binade::Failure for a path that means no
// file at all.
inline std::vector<fs::path> find(const std::vector<std::string>& paths, const Kind& kind,
                                  const std::string& option = "paths") {
  if (paths.empty())
    throw binade::Failure(BINADE_NOT_FOUND, "`" + option + "` is empty: name a file, a folder or a glob");
  std::vector<fs::path> files;
  for (const auto& path : paths) {
    const auto found = of(fs::path(path).lexically_normal(), kind);
    files.insert(files.end(), found.begin(), found.end());
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

}  // namespace input_files
