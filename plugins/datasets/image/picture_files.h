// Pictures in files of their own, in a folder or named in a list.
#pragma once

#include <binade/options.h>
#include <binade/printable.h>

#include "../read_file.h"
#include "checked_files.h"
#include "decode.h"
#include "folder_listing.h"
#include "list_listing.h"
#include "parallel.h"
#include "source.h"

class PictureFiles : public Source {
  static constexpr const char* advice = "; or set on_bad_file = \"skip\"";

  template <class Use>
  static auto with_name(const std::string& path, const Use& use) {
    try {
      return use(read_file(path));
    } catch (const BadPicture& bad) {
      throw binade::Failure(BINADE_BAD_DATA, path + ": " + bad.what() + advice);
    }
  }

 public:
  PictureFiles(const binade::Options& options, const binade::Host& host) : listing_(listed(options, host)) {
    refuse_shared();
    const bool skips = options.has("on_bad_file") && options.string("on_bad_file") == "skip";
    if (skips) {
      skip_bad_files(host, options.has("path") ? options.path("path") : options.path("list"));
    } else if (!listing_.bad.empty()) {
      const auto& bad = listing_.bad.front();
      throw binade::Failure(BINADE_BAD_DATA, bad.path + ": " + bad.reason + advice);
    }
    for (const auto& split : listing_.splits) {
      Source::Split labels{split.name, {}};
      for (const auto& file : split.files) labels.labels.push_back(file.label);
      add_split(std::move(labels));
    }
    set_classes(static_cast<std::int64_t>(listing_.classes.size()));
    if (options.has("classes") && options.integer("classes") != classes()) {
      throw std::invalid_argument("`classes` is " + std::to_string(options.integer("classes")) + ", but there are " +
                                  listed_classes() + ": remove `classes`");
    }
  }

  std::string listed_classes() const override {
    constexpr std::size_t most = 10;
    auto text = Source::listed_classes() + ":";
    for (std::size_t i = 0; i < std::min(listing_.classes.size(), most); ++i) {
      text += (i > 0 ? ", " : " ") + std::to_string(i) + " = " + binade::printable(listing_.classes[i]);
    }
    return text + (listing_.classes.size() > most ? ", ..." : "");
  }

  Picture load(std::size_t split, std::uint64_t index) const override {
    return with_name(name(split, index), [](const auto& bytes) { return decode_picture(bytes); });
  }
  Extent extent(std::size_t split, std::uint64_t index) const override {
    if (!extents_.empty()) return extents_[split][index];
    return with_name(name(split, index), [](const auto& bytes) { return picture_extent(bytes); });
  }
  std::string name(std::size_t split, std::uint64_t index) const override { return file(split, index).path; }

  std::optional<std::string> fingerprint() const override {
    std::string text;
    for (const auto& split : listing_.splits) {
      for (const auto& file : split.files) {
        const auto stamp = stamp_of(file.path);
        text += file.path + '\0' + std::to_string(stamp.size) + ' ' + std::to_string(stamp.modified) + '\0';
      }
    }
    return text;
  }

  std::vector<std::int64_t> keys(std::size_t split, std::string_view column) const override {
    const auto& columns = listing_.splits[split].columns;
    const auto found = columns.find(column);
    if (found == columns.end()) return Source::keys(split, column);
    std::vector<std::int64_t> keys;
    for (const auto& file : listing_.splits[split].files) keys.push_back(found->second[file.row]);
    return keys;
  }

 private:
  const PictureFile& file(std::size_t split, std::uint64_t index) const { return listing_.splits[split].files[index]; }

  static Listing listed(const binade::Options& options, const binade::Host& host) {
    if (!options.has("list")) return FolderListing(options.path("path"), host).take();
    ListListing lists(options.has("path") ? options.path("path") : std::string());
    lists.add("train", options.path("list"));
    if (options.has("validation_list")) lists.add("validation", options.path("validation_list"));
    return lists.take();
  }

  void refuse_shared() const {
    std::map<input_files::Identity, const std::string*> known;
    for (std::size_t split = 0; listing_.splits.size() > 1 && split < listing_.splits.size(); ++split) {
      for (const auto& file : listing_.splits[split].files) {
        const auto identity = input_files::identity(file.path);
        const auto [there, added] = known.emplace(identity, &listing_.splits[split].name);
        if (added || there->second == &listing_.splits[split].name) continue;
        throw binade::Failure(BINADE_BAD_DATA, file.path + ": this picture of " + listing_.splits[split].name +
                                                   " is also in " + *there->second + ": splits must not share samples");
      }
    }
  }

  static CheckedFiles::Result check(const std::string& path) {
    CheckedFiles::Result result;
    result.stamp = stamp_of(path);
    try {
      result.extent = decode_picture(read_file(path)).extent();
    } catch (const BadPicture& bad) {
      result.reason = bad.what();
    } catch (const binade::Failure& unreadable) {
      const std::string reason = unreadable.what(), prefix = path + ": ";
      result.reason = reason.compare(0, prefix.size(), prefix) == 0 ? reason.substr(prefix.size()) : reason;
      result.stamp = {};  // permissions may change while the file stays the same: look again next time
    }
    return result;
  }

  // Decodes all files, so that the samples are known before the first one is read.
  void skip_bad_files(const binade::Host& host, const std::string& data) {
    CheckedFiles checked(host.cache_folder(), data);
    for (auto& split : listing_.splits) {
      std::vector<CheckedFiles::Result> results(split.files.size());
      std::vector<std::size_t> unknown;
      for (std::size_t i = 0; i < results.size(); ++i) {
        const auto* const known = checked.find(split.files[i].path, stamp_of(split.files[i].path));
        if (known != nullptr) results[i] = *known;
        if (known == nullptr) unknown.push_back(i);
      }
      for_each_index(unknown.size(), [&](auto i) { results[unknown[i]] = check(split.files[unknown[i]].path); });
      for (const auto i : unknown) checked.put(split.files[i].path, results[i]);
      if (!unknown.empty()) checked.save();
      drop_bad(split, results);
    }
    tell_skipped(host);
  }

  void drop_bad(Listing::Split& split, const std::vector<CheckedFiles::Result>& results) {
    std::vector<PictureFile> good;
    std::vector<Extent> extents;
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (results[i].reason.empty()) {
        good.push_back(std::move(split.files[i]));
        extents.push_back(results[i].extent);
      } else {
        listing_.bad.push_back({split.files[i].path, results[i].reason});
      }
    }
    if (good.empty()) throw binade::Failure(BINADE_BAD_DATA, "no file of " + split.name + " is a usable picture");
    split.files = std::move(good);
    extents_.push_back(std::move(extents));
    if (extents_.size() == 1) refuse_empty_classes(split);
  }

  void refuse_empty_classes(const Listing::Split& train) const {
    std::vector<bool> found(listing_.classes.size());
    for (const auto& file : train.files) found[static_cast<std::size_t>(file.label)] = true;
    for (std::size_t label = 0; label < found.size(); ++label) {
      if (found[label]) continue;
      throw binade::Failure(BINADE_BAD_DATA, "no file of the class " + ::quoted(listing_.classes[label]) +
                                                 " is a usable picture: repair some, or remove the class");
    }
  }

  void tell_skipped(const binade::Host& host) const {
    constexpr std::size_t most = 5;
    const auto count = listing_.bad.size();
    host.counter("files_skipped").add(static_cast<double>(count));
    if (count == 0) return;
    auto line = "skipped " + std::to_string(count) + " bad files: ";
    for (std::size_t i = 0; i < std::min(count, most); ++i) {
      line += (i > 0 ? "; " : "") + listing_.bad[i].path + ": " + listing_.bad[i].reason;
    }
    host.warning(line + (count > most ? "; and " + std::to_string(count - most) + " more" : ""));
  }

  Listing listing_;
  std::vector<std::vector<Extent>> extents_;  // by split; empty unless all files were decoded
};
