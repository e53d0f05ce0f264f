// A CSV file as the source of a table.
#pragma once

#include <binade/options.h>

#include <algorithm>
#include <future>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "csv_blocks.h"
#include "csv_encoding.h"
#include "csv_header.h"
#include "csv_reader.h"
#include "delimiters.h"
#include "known_format.h"
#include "table/source.h"
#include "text_form.h"

class CsvSource : public table::Source {
 public:
  CsvSource(const binade::Options& options, const binade::Host& host)
      : file_(options.path("path")),
        header_(options.boolean("header")),
        skip_(options.string("on_bad_row") == "skip"),
        encoding_(file_, options.string("encoding") == "latin-1") {
    const auto delimiter = options.string("delimiter");
    const bool automatic = delimiter == "auto";
    if (!automatic && (delimiter.size() != 1 || delimiter == "\"" || delimiter == "\n" || delimiter == "\r")) {
      throw std::invalid_argument(
          "`delimiter` must be one character (one byte) other than a quote or line end, or \"auto\"");
    }
    delimiter_ = automatic ? ',' : delimiter.front();
    read_header(automatic, host);
  }

  const std::string& file() const override { return file_; }
  const table::ColumnNames& names() const override { return names_; }
  std::string advice() const override {
    if (other_delimiter_.empty()) return "is `delimiter` right?";
    return "fields seem to be separated by \"" + other_delimiter_ + "\": set delimiter = \"" + other_delimiter_ + "\"";
  }

  std::vector<table::Column> read(const std::vector<table::Request>& requests, const table::CellRules& rules,
                                  std::uint64_t rows) override {
    const bool whole = rows == all_rows;
    CsvBlocks blocks(file_, delimiter_, whole ? block_size : sample_size);
    const std::size_t threads = whole ? std::clamp(std::thread::hardware_concurrency(), 1u, 16u) : 1;
    Part all{columns(requests)};
    for (bool first = true;; first = false) {
      const auto parts = blocks.next(threads, least_part);
      if (parts.empty()) break;
      std::vector<std::future<Part>> later;
      for (std::size_t i = 1; i < parts.size(); ++i) {
        later.push_back(std::async(threads_or_later, [&, i] { return parse(parts[i], false, requests, rules, rows); }));
      }
      append(all, parse(parts.front(), first && header_, requests, rules, rows));
      if (first && whole) reserve(all, blocks.size(), parts.front().text.size());
      for (auto& part : later) append(all, part.get());
      if (all.rows >= rows) return std::move(all.columns);
    }
    if (all.rows == 0) no_rows(all);
    skipped_ = all.skipped;
    first_skipped_ = all.first_skipped;
    return std::move(all.columns);
  }

  void remark(const std::vector<std::size_t>& features, const table::CellRules& rules,
              const binade::Host& host) const override {
    double number = 0;
    const bool like_data =
        !header_fields_.empty() && std::all_of(features.begin(), features.end(), [&](std::size_t column) {
          return table::parse_number(table::trim(header_fields_[column]), number, rules.decimal) == nullptr;
        });
    if (like_data) host.warning(file_ + ":1: the header looks like a row of data; if it is one, set header = false");
    if (skipped_ == 0) return;
    host.counter("rows_skipped").add(static_cast<double>(skipped_));
    host.warning(file_ + ": skipped " + std::to_string(skipped_) +
                 (skipped_ == 1 ? " bad row: " : " bad rows; the first one: ") + first_skipped_);
  }

 private:
  static constexpr std::size_t block_size = std::size_t{1} << 25, sample_size = std::size_t{1} << 20,
                               least_part = std::size_t{1} << 18;
  // Where the system gives no thread, get() does the work.
  static constexpr auto threads_or_later = std::launch::async | std::launch::deferred;

  // What one thread has read.
  struct Part {
    std::vector<table::Column> columns;
    std::uint64_t rows = 0, skipped = 0;
    std::string first_skipped = {};
  };

  [[noreturn]] void bad_data(const std::string& reason) const {
    throw binade::Failure(BINADE_BAD_DATA, file_ + ": " + reason);
  }

  void read_header(bool automatic, const binade::Host& host) {
    CsvBlocks blocks(file_, delimiter_, sample_size);
    const auto parts = blocks.next(1, sample_size);
    const auto head = parts.empty() ? std::string_view() : parts.front().text;
    auto complaint = known_format::complaint(file_, head, blocks.size(), "a CSV file was expected");
    if (complaint.empty()) complaint = text_form::complaint(file_, head);
    if (!complaint.empty()) bad_data(complaint);
    std::string room;
    const auto text = encoding_.decoded(head, 1, room);
    if (automatic) {
      delimiter_ = guessed_delimiter(text);
      if (delimiter_ == '\0') {
        bad_data("no common delimiter divides the first lines into the same number of fields: set `delimiter`");
      }
    }
    CsvReader reader(text, delimiter_, file_);
    std::vector<std::string_view> fields;
    if (!reader.next(fields)) bad_data("the file is empty");
    other_delimiter_ = other_delimiter(reader.record(), delimiter_);
    const CsvHeader header(fields, header_);
    header.tell(host, file_);
    if (header_) header_fields_.assign(fields.begin(), fields.end());
    names_ = table::ColumnNames(header.names, file_);
  }

  static std::vector<table::Column> columns(const std::vector<table::Request>& requests) {
    std::vector<table::Column> columns;
    columns.reserve(requests.size());
    for (const auto& request : requests) columns.emplace_back(request.form, request.finite_float);
    return columns;
  }

  Part parse(const CsvPart& part, bool has_header, const std::vector<table::Request>& requests,
             const table::CellRules& rules, std::uint64_t rows) const {
    std::string room;
    CsvReader reader(encoding_.decoded(part.text, part.line, room), delimiter_, file_, part.line);
    std::vector<std::string_view> fields;
    Part read{columns(requests)};
    if (has_header) reader.next(fields);
    while (read.rows < rows && next(reader, fields, read)) {
      for (std::size_t i = 0; i < requests.size(); ++i) {
        rules.add(read.columns[i], table::trim(fields[requests[i].number]), reader.line());
      }
      ++read.rows;
    }
    return read;
  }

  // Reads the next record that has a field for each column.
  bool next(CsvReader& reader, std::vector<std::string_view>& fields, Part& read) const {
    for (;;) {
      try {
        if (!reader.next(fields)) return false;
        if (fields.size() == names_.size()) return true;
        ragged(fields.size(), reader.line());
      } catch (const MalformedRecord& error) {
        if (!skip_) throw;
        if (read.skipped++ == 0) read.first_skipped = error.what();
        reader.skip_malformed();
      }
    }
  }

  [[noreturn]] void ragged(std::size_t count, std::uint64_t line) const {
    const auto last = names_.size() - 1;
    const auto reason = count < names_.size()
                            ? "column " + std::to_string(count + 1) + " (" + names_.shown(count) + ") is missing"
                            : "column " + std::to_string(last + 2) + " has no name; the last is " +
                                  std::to_string(last + 1) + " (" + names_.shown(last) +
                                  "); quote a field that contains a delimiter; if the first field names or numbers "
                                  "the row, give it a name in the first line";
    throw MalformedRecord(BINADE_BAD_DATA, file_ + ":" + std::to_string(line) + ": " + std::to_string(count) +
                                               (count == 1 ? " field" : " fields") + " where the first line has " +
                                               std::to_string(names_.size()) + ": " + reason +
                                               (other_delimiter_.empty() ? "" : "; or " + advice()));
  }

  static void append(Part& all, const Part& part) {
    for (std::size_t i = 0; i < all.columns.size(); ++i) all.columns[i].append(part.columns[i]);
    all.rows += part.rows;
    if (all.skipped == 0) all.first_skipped = part.first_skipped;
    all.skipped += part.skipped;
  }
  // Makes room for as many rows as the file seems to have.
  static void reserve(Part& all, std::size_t file_size, std::size_t read) {
    const auto rows = static_cast<double>(all.rows) * static_cast<double>(file_size) / static_cast<double>(read);
    for (auto& column : all.columns) column.reserve(static_cast<std::size_t>(rows * 1.02) + 1);
  }

  [[noreturn]] void no_rows(const Part& all) const {
    if (all.skipped == 0) bad_data("the file has a header but no rows");
    bad_data("all " + std::to_string(all.skipped) + " rows are bad; the first one: " + all.first_skipped);
  }

  std::string file_;
  bool header_, skip_;
  CsvEncoding encoding_;
  char delimiter_ = ',';
  std::string other_delimiter_;
  std::vector<std::string> header_fields_;  // empty without a header
  table::ColumnNames names_;
  std::uint64_t skipped_ = 0;
  std::string first_skipped_;
};
