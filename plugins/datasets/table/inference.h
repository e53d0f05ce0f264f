// Reads columns and infers their types from all of their cells. A column is a number, else a date, else categorical,
// else (if its categories are two opposite words) boolean; missing cells do not count.
//
// The forms are guessed from the first rows, so that one pass over the file nearly always suffices; a column that turns
// out to have another form is read again. A column that is mostly numbers or dates but has other texts is an error:
// taking its numbers as categories would be wrong without a word.
#pragma once

#include <binade/options.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "../quoted.h"
#include "boolean_text.h"
#include "schema.h"
#include "source.h"
#include "typed_column.h"

namespace table {

class Inference {
 public:
  Inference(Source& source, const Schema& schema, const Settings& settings, const binade::Host& host)
      : source_(source), schema_(schema), settings_(settings), host_(host) {}

  // Reads the feature columns, then the label columns. Throws binade::Failure (BINADE_BAD_DATA).
  std::vector<TypedColumn> read() {
    std::vector<Request> requests;
    for (const auto column : schema_.features())
      requests.push_back({column, first_form(column), !settings_.standardize});
    for (const auto column : schema_.labels()) requests.push_back({column, label_form(), true});
    guess(requests);
    auto columns = source_.read(requests, settings_.rules);
    for (;;) {
      std::vector<Request> again;
      std::vector<std::size_t> places;
      for (std::size_t i = 0; i < requests.size(); ++i) {
        const auto form = right_form(requests[i].number, columns[i], true);
        if (form == columns[i].form()) continue;
        requests[i].form = form;
        again.push_back(requests[i]);
        places.push_back(i);
      }
      if (again.empty()) break;
      auto read = source_.read(again, settings_.rules);
      for (std::size_t i = 0; i < places.size(); ++i) columns[places[i]] = std::move(read[i]);
    }
    std::vector<TypedColumn> typed;
    typed.reserve(columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i)
      typed.push_back(finished(requests[i].number, std::move(columns[i])));
    if (!half_numbers_.empty()) {
      host_.warning(source_.file() + ": " + source_.names().list(half_numbers_, "is", "are") +
                    " taken as categorical, but some of the values are numbers: list the column in `categorical` if "
                    "that is right, or the texts that stand for a missing value in `missing`");
    }
    return typed;
  }

 private:
  bool is_label(std::size_t column) const {
    const auto& labels = schema_.labels();
    return std::find(labels.begin(), labels.end(), column) != labels.end();
  }
  Type declared(std::size_t column) const {
    if (!is_label(column)) return schema_.type(column);
    return settings_.task == Task::regression   ? Type::numeric
           : settings_.task == Task::multilabel ? Type::boolean
                                                : Type::categorical;
  }
  static Form form_of(Type type) {
    return type == Type::date                                   ? Form::month_first_date
           : type == Type::categorical || type == Type::boolean ? Form::category
                                                                : Form::number;
  }
  Form first_form(std::size_t column) const { return form_of(schema_.type(column)); }
  Form label_form() const { return form_of(declared(schema_.labels().front())); }

  // Corrects the forms by what the first rows hold.
  void guess(std::vector<Request>& requests) const {
    const std::uint64_t rows =
        std::max<std::uint64_t>(100, std::min<std::uint64_t>(10'000, 1'000'000 / requests.size()));
    for (bool changed = true; changed;) {
      changed = false;
      const auto sample = source_.read(requests, settings_.rules, rows);
      for (std::size_t i = 0; i < requests.size(); ++i) {
        const auto form = right_form(requests[i].number, sample[i], false);
        changed = changed || form != sample[i].form();
        requests[i].form = form;
      }
    }
  }

  // Returns the form that the column should be read in. `whole`: throws if its cells contradict each other.
  Form right_form(std::size_t number, const Column& column, bool whole) const {
    const auto type = declared(number);
    const auto& found = column.findings();
    if (type == Type::categorical || type == Type::boolean || column.is_category()) return column.form();
    if (column.is_date() && found.slashed > 0) {
      const bool month_first = column.form() == Form::month_first_date;
      if (whole && found.month_first && found.day_first) ambiguous(number, column);
      if (month_first && !found.month_first && found.day_first) return Form::day_first_date;
      if (!month_first && !found.day_first && found.month_first) return Form::month_first_date;
    }
    if (found.unfit == 0) return column.form();
    if (type == Type::numeric || type == Type::date || found.fitting >= found.unfit) {
      if (whole) unfit(number, column);
      return column.form();
    }
    return column.is_date() ? Form::category : Form::month_first_date;
  }

  std::string place(std::size_t number, const Example& example) const {
    return source_.file() + ":" + std::to_string(example.line) + ": column " + std::to_string(number + 1) + " (" +
           source_.names().shown(number) + "): " + (example.text.empty() ? "the field" : ::quoted(example.text)) + " ";
  }
  [[noreturn]] static void bad_data(const std::string& message) { throw binade::Failure(BINADE_BAD_DATA, message); }

  std::string expected(const Column& column) const {
    return column.is_date() ? settings_.rules.dates.expected() : std::string("a finite number");
  }
  [[noreturn]] void unfit(std::size_t number, const Column& column) const {
    const auto& example = column.findings().first_unfit;
    const auto& found = column.findings();
    auto advice = std::to_string(found.fitting) + " of " + std::to_string(found.fitting + found.unfit) +
                  " values are " + (column.is_date() ? "dates" : "numbers") +
                  "; add the others to `missing` if they stand for missing values, or the column to `categorical` or "
                  "`ignore`";
    if (column.is_date()) advice += "; `date_format` sets the form of dates";
    if (is_label(number)) advice = "task = \"classification\" predicts classes";
    bad_data(place(number, example) + example.reason + "; " + expected(column) + " was expected (" +
             (example.line == 1 ? "is this line a header? then set `header`" : advice) + ")");
  }
  [[noreturn]] void ambiguous(std::size_t number, const Column&) const {
    bad_data(source_.file() + ": column " + source_.names().shown(number) +
             " has dates such as 01/02/2024, which may be January 2 or February 1: set date_format = \"%m/%d/%Y\" or "
             "date_format = \"%d/%m/%Y\"");
  }

  // Completes the type of a column that has been read in the right form.
  TypedColumn finished(std::size_t number, Column column) {
    const auto type = declared(number);
    const auto& found = column.findings();
    if (!column.is_category()) {
      if (found.unusable.line != 0) {
        bad_data(place(number, found.unusable) + found.unusable.reason + "; a finite number was expected");
      }
      return {number, column.is_date() ? Type::date : Type::numeric, std::move(column)};
    }
    if (type == Type::categorical) return {number, type, std::move(column)};
    const auto values = boolean_text::values(column.dictionary());
    if (!values.empty()) return {number, Type::boolean, boolean_text::to_numbers(column, values)};
    if (type == Type::boolean) not_boolean(number, column);
    refuse_mostly_numbers(number, column);
    return {number, Type::categorical, std::move(column)};
  }

  [[noreturn]] void not_boolean(std::size_t number, const Column& column) const {
    std::string texts;
    std::size_t shown = 0;
    for (const auto& entry : column.dictionary()) {
      if (shown++ < 5) texts += (texts.empty() ? "" : ", ") + ::quoted(entry.text);
    }
    bad_data(source_.file() + ": column " + source_.names().shown(number) + " is not boolean: its values are " +
             (texts.empty() ? "all missing" : texts) + (shown > 5 ? ", ..." : "") +
             "; expected 0 and 1, true and false, or yes and no");
  }

  void refuse_mostly_numbers(std::size_t number, const Column& column) {
    std::uint64_t numbers = 0, others = 0;
    const Dictionary::Entry* example = nullptr;
    double value = 0;
    for (const auto& entry : column.dictionary()) {
      const bool is_number = parse_number(entry.text, value, settings_.rules.decimal) == nullptr;
      (is_number ? numbers : others) += entry.count;
      if (!is_number && (example == nullptr || entry.line < example->line)) example = &entry;
    }
    if (numbers == 0) return;
    if (numbers < others) return half_numbers_.push_back(number);
    Column as_numbers(Form::number, false);
    auto& found = as_numbers.findings();
    found.fitting = numbers;
    found.unfit = others;
    found.first_unfit = {example->line, example->text, why_no_number(example->text, settings_.rules.decimal)};
    unfit(number, as_numbers);
  }

  Source& source_;
  const Schema& schema_;
  const Settings& settings_;
  const binade::Host& host_;
  std::vector<std::size_t> half_numbers_;
};

}  // namespace table
