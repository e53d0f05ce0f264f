// Reads lists of pictures: CSV files with a path and a label in each row.
#pragma once

#include "../csv_reader.h"
#include "../input_files.h"
#include "../read_file.h"
#include "../table/class_names.h"
#include "../text_form.h"
#include "listing.h"

class ListListing {
 public:
  // Paths are relative to `folder`, or to each list's own folder if it is empty.
  explicit ListListing(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Throws binade::Failure if it is not such a list.
  void add(const std::string& split, const std::filesystem::path& list) {
    const auto text = read_file(list);
    const auto complaint = known_format::complaint(list.string(), text, text.size(), "a CSV file was expected");
    if (!complaint.empty()) throw binade::Failure(BINADE_BAD_DATA, list.string() + ": " + complaint);
    List of{list, {split, {}, {}}, {}, 0, 1};
    CsvReader reader(text_form::without_mark(text), ',', list.string());
    std::vector<std::string_view> fields;
    for (bool first = true; reader.next(fields); first = false) {
      if (first && read_header(fields, of)) continue;
      add_row(fields, reader.line(), of);
    }
    if (of.split.files.empty()) fail(of, 1, "there are no rows");
    listing_.splits.push_back(std::move(of.split));
  }

  // Must be called last, once.
  Listing take() {
    const auto sorted = classes_.sort();
    for (auto& split : listing_.splits) {
      for (auto& file : split.files) file.label = sorted[static_cast<std::size_t>(file.label)];
    }
    listing_.classes = classes_.names();
    return std::move(listing_);
  }

 private:
  struct List {
    std::filesystem::path path;
    Listing::Split split;
    std::vector<std::string> names;  // of columns; none without a header
    std::size_t path_column, label_column;
  };

  [[noreturn]] static void fail(const List& list, std::uint64_t line, const std::string& reason) {
    throw binade::Failure(BINADE_BAD_DATA, list.path.string() + ":" + std::to_string(line) + ": " + reason);
  }

  // Only a line with these two names is a header: otherwise the first picture could get lost.
  static bool read_header(const std::vector<std::string_view>& fields, List& list) {
    const auto find = [&](std::string_view name) {
      return static_cast<std::size_t>(std::find(fields.begin(), fields.end(), name) - fields.begin());
    };
    if (find("path") == fields.size() || find("label") == fields.size()) return false;
    list.path_column = find("path");
    list.label_column = find("label");
    list.names.assign(fields.begin(), fields.end());
    return true;
  }

  void add_row(const std::vector<std::string_view>& fields, std::uint64_t line, List& list) {
    const auto wanted = list.names.empty() ? std::size_t{2} : list.names.size();
    if (list.names.empty() ? fields.size() < wanted : fields.size() != wanted) {
      fail(list, line,
           std::to_string(fields.size()) + " fields; " + std::to_string(wanted) + " were expected" +
               (list.names.empty() ? ": a path and a label" : ""));
    }
    const auto path = fields[list.path_column], label = fields[list.label_column];
    if (path.empty() || label.empty()) fail(list, line, path.empty() ? "the path is empty" : "the label is empty");
    const auto base = folder_.empty() ? list.path.parent_path() : folder_;
    const auto file = (base / std::filesystem::path(std::string(path))).lexically_normal().string();
    const auto row = list.split.files.size();
    check(file, path, line, list);
    list.split.files.push_back({file, number(label, line, list), row});
    for (std::size_t i = 0; i < list.names.size(); ++i) {
      auto& values = values_[list.names[i]];
      const auto next = static_cast<std::int64_t>(values.size());
      list.split.columns[list.names[i]].push_back(values.emplace(fields[i], next).first->second);
    }
  }

  std::int64_t number(std::string_view label, std::uint64_t line, const List& list) {
    const auto known = static_cast<std::int64_t>(classes_.size());
    const auto found = classes_.add(label);
    if (found == known && !listing_.splits.empty()) {
      fail(list, line, "the label " + ::quoted(label) + " does not occur in the training list");
    }
    return found;
  }

  void check(const std::string& file, std::string_view path, std::uint64_t line, const List& list) {
    std::error_code error;
    const auto type = std::filesystem::status(file, error).type();
    if (type == std::filesystem::file_type::regular) return;
    const bool missing = type == std::filesystem::file_type::not_found;
    auto reason = "the picture " + ::quoted(path) + (missing ? ", so " + file + ", does not exist" : " is not a file");
    if (missing && line == 1) reason += "; if this line names columns, call them `path` and `label`";
    fail(list, line, reason);
  }

  std::filesystem::path folder_;
  Listing listing_;
  table::Classes classes_;
  std::map<std::string, std::map<std::string, std::int64_t, std::less<>>> values_;  // of each column, by text
};
