// Ignores errors while walking folders: the plugin reports unreadable ones.
#include "host/data/fingerprint/data_files.h"

#include <fnmatch.h>

#include <algorithm>
#include <string>
#include <system_error>

namespace binade::host {
namespace {

namespace fs = std::filesystem;

bool is_hidden(const fs::path& path) { return path.filename().native().starts_with('.'); }
bool is_glob(const std::string& name) { return name.find_first_of("*?[") != std::string::npos; }

class Finder {
 public:
  explicit Finder(const fs::path& runs) : runs_(runs) {}

  DataFiles find(const fs::path& named) {
    found_ = {named, {}, true};
    std::error_code error;
    if (fs::is_directory(named, error)) {
      below(named);
    } else if (fs::exists(named, error)) {
      take(named);
    } else if (is_glob(named.string())) {
      const auto parts = named.relative_path();
      match(named.root_path(), parts.begin(), parts.end());
    }
    std::sort(found_.files.begin(), found_.files.end());
    found_.files.erase(std::unique(found_.files.begin(), found_.files.end()), found_.files.end());
    if (!found_.complete) found_.files.clear();
    return std::move(found_);
  }

 private:
  void take(const fs::path& path) {
    std::error_code error;
    if (!found_.complete || !fs::is_regular_file(path, error)) return;
    found_.complete = found_.files.size() < max_data_files;
    if (found_.complete) found_.files.push_back(path);
  }

  void below(const fs::path& folder) {
    std::error_code error;
    fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error);
    for (const fs::recursive_directory_iterator end; !error && found_.complete && entry != end;
         entry.increment(error)) {
      if (is_hidden(entry->path()) || entry->path() == runs_) {
        entry.disable_recursion_pending();
      } else {
        take(entry->path());
      }
    }
  }

  // Takes the files below `base` that match the parts [part, end).
  void match(const fs::path& base, fs::path::iterator part, const fs::path::iterator& end) {
    if (part == end) return take(base);
    const auto name = (part++)->string();
    std::error_code error;
    if (!is_glob(name)) {
      if (fs::exists(base / name, error)) match(base / name, part, end);
      return;
    }
    const bool any_depth = name == "**";
    if (any_depth && part != end) match(base, part, end);
    fs::directory_iterator entry(base, fs::directory_options::skip_permission_denied, error);
    for (const fs::directory_iterator last; !error && found_.complete && entry != last; entry.increment(error)) {
      const auto& path = entry->path();
      if (path == runs_) continue;
      std::error_code unknown;
      if (any_depth && !is_hidden(path) && entry->is_directory(unknown) && !entry->is_symlink(unknown)) {
        match(path, std::prev(part), end);
      }
      // A trailing ** matches files as * does.
      const bool descends = any_depth && part != end;
      if (!descends && fnmatch(name.c_str(), path.filename().c_str(), FNM_PERIOD) == 0) match(path, part, end);
    }
  }

  fs::path runs_;
  DataFiles found_;
};

}  // namespace

std::vector<DataFiles> data_files(const OptionTable& dataset_options, const fs::path& runs) {
  std::vector<DataFiles> all;
  Finder finder(fs::absolute(runs).lexically_normal());
  for (const auto& option : dataset_options.options()) {
    if (option.spec->type != OptionType::path) continue;
    for (const auto& value : option.values) {
      all.push_back(finder.find(fs::path(std::get<std::string>(value)).lexically_normal()));
    }
  }
  return all;
}

}  // namespace binade::host
