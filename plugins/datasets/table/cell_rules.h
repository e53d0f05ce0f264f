// How the text of a cell is read.
#pragma once

#include <cmath>
#include <string>
#include <string_view>

#include "column.h"
#include "date_text.h"
#include "missing.h"
#include "number_text.h"

namespace table {

struct CellRules {
  Missing missing;
  char decimal = '.';
  DateFormat dates;

  // Adds a cell to a column and to its findings. `text` must be trimmed.
  void add(Column& column, std::string_view text, std::uint64_t line) const {
    switch (column.form()) {
      case Form::number:
        return add_number(column, text, line);
      case Form::category:
        if (missing(text)) return add_missing(column, text, line);
        ++column.findings().fitting;
        return column.add_category(text, line);
      default:
        return add_date(column, text, line);
    }
  }

 private:
  void add_number(Column& column, std::string_view text, std::uint64_t line) const {
    double value = 0;
    const char* reason = parse_number(text, value, decimal);
    if ((reason != nullptr || missing.may_be_numbers()) && missing(text)) return add_missing(column, text, line);
    auto& findings = column.findings();
    if (reason != nullptr && std::isfinite(value)) return add_unfit(column, text, line, reason);
    if (reason == nullptr && column.finite_float() && !std::isfinite(static_cast<float>(value))) {
      reason = "is not finite in float32";
    }
    if (reason != nullptr && findings.unusable.line == 0) findings.unusable = {line, excerpt(text), reason};
    findings.rounded = findings.rounded || is_rounded_integer(text, value);
    ++findings.fitting;
    column.add_number(value);
  }
  void add_date(Column& column, std::string_view text, std::uint64_t line) const {
    if (missing(text)) return add_missing(column, text, line);
    auto& findings = column.findings();
    const bool month_first = column.form() == Form::month_first_date;
    double days = 0, other = 0;
    const bool fits = dates.parse(text, month_first ? SlashOrder::month_first : SlashOrder::day_first, days);
    if (dates.slashed(text)) {
      const bool fits_other = dates.parse(text, month_first ? SlashOrder::day_first : SlashOrder::month_first, other);
      if (fits || fits_other) {
        ++findings.slashed;
        findings.month_first = findings.month_first && (month_first ? fits : fits_other);
        findings.day_first = findings.day_first && (month_first ? fits_other : fits);
      }
    }
    if (!fits) return add_unfit(column, text, line, "is not a date");
    ++findings.fitting;
    column.add_number(days);
  }
  static void add_missing(Column& column, std::string_view text, std::uint64_t line) {
    auto& findings = column.findings();
    if (findings.missing++ == 0) findings.first_missing = {line, excerpt(text), ""};
    column.add_missing();
  }
  static void add_unfit(Column& column, std::string_view text, std::uint64_t line, const char* reason) {
    auto& findings = column.findings();
    if (findings.unfit++ == 0) findings.first_unfit = {line, excerpt(text), reason};
    column.add_missing();
  }
  static std::string excerpt(std::string_view text) { return std::string(text.substr(0, 100)); }
};

}  // namespace table
