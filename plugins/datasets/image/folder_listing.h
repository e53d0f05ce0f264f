// Lists a folder with a sub-folder for each class, as torchvision's ImageFolder does.
#pragma once

#include <algorithm>
#include <set>

#include "../input_files.h"
#include "listing.h"

class FolderListing {
 public:
  // Throws binade::Failure if the folder does not have that form.
  FolderListing(const std::filesystem::path& root, const binade::Host& host) : root_(root) {
    const auto folders = sub_folders(root);
    const auto named = [&](const char* name) {
      return std::find(folders.begin(), folders.end(), name) != folders.end();
    };
    if (named("train")) {
      if (named("val") && named("validation")) fail(root, "there are both val/ and validation/: remove one of them");
      add_split("train", root / "train");
      for (const auto& [folder, split] : held_out) {
        if (named(folder)) add_split(split, root / folder);
      }
      for (const auto& folder : folders) tell_unused(folder, host);
    } else {
      for (const auto& [folder, split] : held_out) {
        if (named(folder)) {
          fail(root, std::string("there is ") + folder + "/ but no train/: rename or move one of them, so that " +
                         "there are either splits or classes here");
        }
      }
      add_split("train", root);
    }
    tell(host);
  }

  Listing take() { return std::move(listing_); }

 private:
  using Path = std::filesystem::path;
  static constexpr std::pair<const char*, const char*> held_out[] = {
      {"val", "validation"}, {"validation", "validation"}, {"test", "test"}};

  [[noreturn]] static void fail(const Path& path, const std::string& reason) {
    throw binade::Failure(BINADE_BAD_DATA, path.string() + ": " + reason);
  }

  static std::vector<Path> entries(const Path& folder) {
    std::error_code error;
    std::vector<Path> found;
    for (std::filesystem::directory_iterator entry(folder, error), end; entry != end; entry.increment(error)) {
      if (!input_files::is_hidden(entry->path())) found.push_back(entry->path());
    }
    // An error must not silently shorten the data.
    if (error == std::errc::no_such_file_or_directory) {
      throw binade::Failure(BINADE_NOT_FOUND, folder.string() + ": no such folder");
    }
    if (error == std::errc::not_a_directory)
      fail(folder,
           "this is a file; a folder with a sub-folder per class was "
           "expected, or set `list` to a list of pictures");
    if (error) fail(folder, "cannot be read: " + error.message());
    std::sort(found.begin(), found.end());
    return found;
  }

  std::vector<std::string> sub_folders(const Path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : entries(folder)) {
      std::error_code error;
      if (std::filesystem::is_directory(entry, error)) {
        names.push_back(entry.filename().string());
      } else if (std::filesystem::is_symlink(entry, error) && !std::filesystem::exists(entry, error)) {
        fail(entry, "this link is broken, and may have been a class: repair or remove it");
      } else if (picture_names::can_be_read(entry) || picture_names::is_other_picture(entry)) {
        loose_.insert(entry.string());
      }
    }
    return names;
  }

  void add_split(const std::string& name, const Path& folder) {
    Listing::Split split{name, {}, {}};
    const auto classes = sub_folders(folder);
    if (listing_.splits.empty()) {
      listing_.classes = classes;
      if (classes.empty()) fail(folder, "there are no sub-folders; one for each class was expected, or set `list`");
    }
    const auto& known = listing_.classes;
    for (const auto& class_name : classes) {
      const auto found = std::find(known.begin(), known.end(), class_name);
      if (found == known.end()) fail(folder / class_name, "there is no class of this name in train/");
      const auto before = split.files.size(), bad_before = listing_.bad.size();
      std::vector<input_files::Identity> above = {input_files::identity(root_), input_files::identity(folder)};
      below(folder / class_name, found - known.begin(), above, split);
      if (split.files.size() == before && listing_.bad.size() == bad_before) {
        fail(folder / class_name, "this class has no pictures: add some, or remove the folder");
      }
      std::sort(split.files.begin() + static_cast<std::ptrdiff_t>(before), split.files.end(),
                [](const auto& a, const auto& b) { return a.path < b.path; });
    }
    if (split.files.empty() && listing_.bad.empty()) fail(folder, "there are no pictures in it");
    listing_.splits.push_back(std::move(split));
  }

  // Links are followed, but not into a folder that is above.
  void below(const Path& folder, std::int64_t label, std::vector<input_files::Identity>& above, Listing::Split& split) {
    const auto identity = input_files::identity(folder);
    if (std::find(above.begin(), above.end(), identity) != above.end()) {
      circular_.insert(folder.string());
      return;
    }
    above.push_back(identity);
    for (const auto& entry : entries(folder)) {
      std::error_code error;
      const auto type = std::filesystem::status(entry, error).type();
      const bool other = picture_names::is_other_picture(entry);
      if (type == std::filesystem::file_type::directory) {
        below(entry, label, above, split);
      } else if (!picture_names::can_be_read(entry) && !other) {
        ignored_.insert(entry.string());
      } else if (type != std::filesystem::file_type::regular) {
        listing_.bad.push_back({entry.string(), type == std::filesystem::file_type::not_found ? "this link is broken"
                                                : error ? "cannot be read: " + error.message()
                                                        : "this is not a regular file"});
      } else if (other) {
        listing_.bad.push_back({entry.string(), "JPEG, PNG and WebP are read: convert or remove it"});
      } else {
        split.files.push_back({entry.string(), label, 0});
      }
    }
    above.pop_back();
  }

  void tell_unused(const std::string& folder, const binade::Host& host) const {
    if (folder == "train" || folder == "val" || folder == "validation" || folder == "test") return;
    host.warning((root_ / folder).string() + ": ignored, because there is a folder train/ beside it");
  }

  void tell(const binade::Host& host) const {
    const auto listed = [](const std::set<std::string>& names) {
      const auto more = names.size() - 1;
      return *names.begin() + (more > 0 ? " and " + std::to_string(more) + " more" : "");
    };
    if (!loose_.empty()) host.warning("ignored pictures that are in no class's folder: " + listed(loose_));
    if (!ignored_.empty()) host.warning("ignored files that are not named as pictures: " + listed(ignored_));
    if (!circular_.empty()) host.warning("skipped links to a folder above them: " + listed(circular_));
  }

  Path root_;
  Listing listing_;
  std::set<std::string> loose_, ignored_, circular_;
};
