// The keys of the host's sections, each declared together with the member of a settings struct that it fills.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "host/experiment/schema/option.h"
#include "host/experiment/schema/sections.h"
#include "host/experiment/schema/text_forms.h"

namespace binade::host {

template <class T>
concept Integer = std::integral<T> && !std::same_as<T, bool>;

// A type of C++ as a type of TOML.
template <class T>
constexpr OptionType option_type() {
  if constexpr (std::same_as<T, bool>) return OptionType::boolean;
  if constexpr (Integer<T>) return OptionType::integer;
  if constexpr (std::same_as<T, double>) return OptionType::number;
  if constexpr (std::same_as<T, std::filesystem::path>) return OptionType::path;
  return OptionType::string;
}

template <class T>
Scalar to_scalar(const T& value) {
  if constexpr (Integer<T>) {
    return static_cast<std::int64_t>(value);
  } else if constexpr (std::same_as<T, std::filesystem::path>) {
    return value.string();
  } else {
    return value;
  }
}

template <class T>
T from_scalar(const Scalar& scalar) {
  if constexpr (Integer<T>) {
    return static_cast<T>(std::get<std::int64_t>(scalar));
  } else if constexpr (std::same_as<T, std::filesystem::path>) {
    return std::get<std::string>(scalar);
  } else {
    return std::get<T>(scalar);
  }
}

using Scalars = std::vector<Scalar>;

// How a member of type T takes its values. A single one keeps what it has where there are none.
template <class T>
struct MemberForm {
  using Element = T;
  static constexpr bool optional = false, array = false;
  static Scalars values(const T& member) { return {to_scalar(member)}; }
  static void fill(T& member, const Scalars& values) {
    if (!values.empty()) member = from_scalar<T>(values.front());
  }
};
template <class T>
struct MemberForm<std::optional<T>> {
  using Element = T;
  static constexpr bool optional = true, array = false;
  static void fill(std::optional<T>& member, const Scalars& values) {
    if (!values.empty()) member = from_scalar<T>(values.front());
  }
};
template <class T>
struct MemberForm<std::vector<T>> {
  using Element = T;
  static constexpr bool optional = false, array = true;
  static Scalars values(const std::vector<T>& member) { return Scalars(member.begin(), member.end()); }
  static void fill(std::vector<T>& member, const Scalars& values) {
    member.clear();
    for (const auto& value : values) member.push_back(from_scalar<T>(value));
  }
};
template <class T, std::size_t N>
struct MemberForm<std::array<T, N>> {
  using Element = T;
  static constexpr bool optional = false, array = true;
  static Scalars values(const std::array<T, N>& member) { return Scalars(member.begin(), member.end()); }
  static void fill(std::array<T, N>& member, const Scalars& values) {
    for (std::size_t i = 0; i < N; ++i) member[i] = from_scalar<T>(values.at(i));
  }
};

// Member, name, help; then what else the check must know. Type and default are the member's; an unsigned one is not
// negative.
template <class Settings>
class Key {
 public:
  template <class Member>
  Key(Member Settings::*member, std::string name, std::string help) {
    using Form = MemberForm<Member>;
    using Element = typename Form::Element;
    spec_.name = std::move(name);
    spec_.help = std::move(help);
    spec_.type = option_type<Element>();
    spec_.array = Form::array;
    spec_.optional = Form::optional;
    if constexpr (!Form::optional) spec_.default_value = Form::values(Settings().*member);
    if constexpr (Integer<Element>) {
      using Limits = std::numeric_limits<Element>;
      if (!Limits::is_signed) spec_.min = 0;
      if (sizeof(Element) < sizeof(std::int64_t)) spec_.max = static_cast<double>(Limits::max());
    }
    fill_ = [member](Settings& settings, const Scalars& values) { Form::fill(settings.*member, values); };
  }

  // A text such as "1h30m" for a member in seconds.
  Key& duration() {
    spec_.type = OptionType::string;
    if (auto& value = spec_.default_value) value = Scalars{duration_text(std::get<double>(value->front()))};
    fill_ = [fill = std::move(fill_)](Settings& settings, const Scalars& values) {
      if (!values.empty()) fill(settings, {Scalar(parse_duration(std::get<std::string>(values.front())).value())});
    };
    return *this;
  }
  // Of one variant, where it is not the member's initial value.
  Key& by_default(double value) {
    spec_.default_value = Scalars{Scalar(value)};
    return *this;
  }
  // A value may be of this type as well; the loader turns it into one of the member's type.
  Key& also(OptionType type) {
    spec_.also = type;
    return *this;
  }
  // `true` stands for the text `meaning`, `false` for no value.
  Key& or_true(const std::string& meaning) {
    spec_.also = OptionType::boolean;
    fill_ = [fill = std::move(fill_), meaning](Settings& settings, const Scalars& values) {
      const bool* chosen = values.empty() ? nullptr : std::get_if<bool>(&values.front());
      if (chosen == nullptr) return fill(settings, values);
      if (*chosen) fill(settings, Scalars{Scalar(meaning)});
    };
    return *this;
  }
  Key& required() {
    spec_.default_value.reset();
    return *this;
  }
  // The loader gives it a value where the file does not.
  Key& computed() {
    spec_.default_value.reset();
    spec_.optional = true;
    return *this;
  }
  // Taken from the dataset's facts; without such a fact it stays without a value.
  Key& wired(std::string default_from) {
    spec_.default_from = std::move(default_from);
    return *this;
  }
  Key& at_least(double min) {
    spec_.min = min;
    return *this;
  }
  Key& at_most(double max) {
    spec_.max = max;
    return *this;
  }
  Key& one_of(std::vector<std::string> choices) {
    spec_.choices.assign(choices.begin(), choices.end());
    return *this;
  }
  Key& from_environment() {
    spec_.env = true;
    return *this;
  }

  const OptionSpec& spec() const { return spec_; }
  void fill(Settings& settings, const Option& option) const { fill_(settings, option.values); }

 private:
  OptionSpec spec_;
  std::function<void(Settings&, const Scalars&)> fill_;
};

// A section, from whose declaration both its check and its settings come.
template <class Settings>
class Section {
 public:
  using Keys = std::vector<Key<Settings>>;
  struct Variant {
    std::string name;  // the value of the key `name` that the others go with
    Keys keys;
  };

  Section(std::string name, std::string help, Keys keys)
      : Section(std::move(name), std::move(help), std::vector<Variant>{{"", std::move(keys)}}) {}
  Section(std::string name, std::string help, const std::vector<Variant>& variants)
      : spec_{std::move(name), std::move(help), {}} {
    for (const auto& variant : variants) {
      auto& options = spec_.variants.emplace_back(SectionVariant{variant.name, {}}).options;
      for (const auto& key : variant.keys) {
        options.push_back(key.spec());
        keys_.emplace(key.spec().name, key);
      }
    }
  }

  const SectionSpec& spec() const { return spec_; }

  // The table's values; members that it has no value for keep their initial one.
  Settings settings(const OptionTable& table) const {
    Settings settings;
    for (const auto& option : table.options()) keys_.at(option.spec->name).fill(settings, option);
    return settings;
  }

 private:
  SectionSpec spec_;
  std::map<std::string, Key<Settings>> keys_;  // a name that several variants have fills one member
};

}  // namespace binade::host
