// The callbacks record everything and never throw into the plugin; the description is checked after the call.
#include "host/data/description.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <set>
#include <stdexcept>
#include <string_view>

#include "host/data/dtype.h"
#include "host/data/fact_rules.h"
#include "host/experiment/wiring.h"

namespace binade::host {
namespace {

constexpr std::uint32_t max_rank = 8;

struct Notes {
  DatasetDescription description;
  std::string problem;  // the first error
};

struct Sink {
  binade_description base;  // must be first: the plugin's pointer points to it
  Notes* notes;
};

std::string text_of(binade_string text, std::string_view what) {
  if (text.size == 0) throw std::runtime_error(fmt::format("{} is empty; give it a name", what));
  if (text.data == nullptr) throw std::runtime_error(fmt::format("{} has a size but no data", what));
  return {text.data, static_cast<std::size_t>(text.size)};
}

// Copies the plugin's struct into a zeroed one of this host's size.
template <class Struct>
Struct whole(const Struct* given, std::string_view what) {
  if (given == nullptr || given->struct_size < sizeof(given->struct_size)) {
    throw std::runtime_error(fmt::format("{} has no struct_size", what));
  }
  Struct copy{};
  std::memcpy(&copy, given, std::min<std::size_t>(given->struct_size, sizeof(copy)));
  return copy;
}

template <class Body>
void note(binade_description* base, Body&& body) noexcept {
  Notes& notes = *reinterpret_cast<Sink*>(base)->notes;
  if (!notes.problem.empty()) return;
  try {
    body(notes.description);
  } catch (const std::exception& exception) {
    notes.problem = exception.what();
  }
}

void add_split(binade_description* base, binade_string name, std::uint64_t size) noexcept {
  note(base, [&](DatasetDescription& description) {
    description.splits.push_back({text_of(name, "the name of a split"), size});
  });
}

void add_field(binade_description* base, const binade_field* given) noexcept {
  note(base, [&](DatasetDescription& description) {
    const auto field = whole(given, "a field");
    auto name = text_of(field.name, "the name of a field");
    if (field.rank > max_rank) {
      throw std::runtime_error(
          fmt::format("field `{}` has {} dimensions; at most {} are possible", name, field.rank, max_rank));
    }
    if (field.rank > 0 && field.shape == nullptr) {
      throw std::runtime_error(fmt::format("field `{}` has a rank but no shape", name));
    }
    description.fields.push_back(
        {std::move(name), field.dtype, {field.shape, field.shape + field.rank}, field.pad_value});
  });
}

void add_fact(binade_description* base, binade_string name, const binade_value* given) noexcept {
  note(base, [&](DatasetDescription& description) {
    const auto value = whole(given, "a fact");
    const auto key = text_of(name, "the name of a fact");
    Fact fact;
    if (value.type == BINADE_TYPE_INTEGER) {
      fact = value.integer;
    } else if (value.type == BINADE_TYPE_STRING) {
      fact = text_of(value.string, fmt::format("the text of the fact `{}`", key));
    } else {
      throw std::runtime_error(fmt::format("fact `{}` has type {}; facts are integers or strings", key, value.type));
    }
    if (!description.facts.emplace(key, std::move(fact)).second) {
      throw std::runtime_error(fmt::format("fact `{}` is given twice; give it once", key));
    }
  });
}

void set_independent(binade_description* base, std::int32_t independent) noexcept {
  note(base, [&](DatasetDescription& description) { description.independent = independent != 0; });
}

// Names of splits become metric labels and fields of files.
bool is_split_name(std::string_view name) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto other = [&](char c) { return lower(c) || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && name.size() <= 64 && lower(name.front()) && std::all_of(name.begin(), name.end(), other);
}

void check_splits(const DatasetDescription& description) {
  std::set<std::string_view> names;
  for (const auto& [name, size] : description.splits) {
    if (!is_split_name(name)) {
      throw std::runtime_error(
          fmt::format("the split's name `{}` does not match [a-z][a-z0-9_]{{0,63}}; rename it", name));
    }
    if (!names.insert(name).second) {
      throw std::runtime_error(fmt::format("split `{}` is added twice; add each split once", name));
    }
    if (size == 0) {
      throw std::runtime_error(fmt::format("split `{}` has no samples; omit it, or fail in create()", name));
    }
    if (size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      throw std::runtime_error(fmt::format("split `{}` has {} samples; sizes must be below 2^63", name, size));
    }
  }
  if (names.count("train") == 0) throw std::runtime_error("there is no split `train`; add one");
}

void check_field(const Field& field, bool can_measure) {
  std::uint64_t bytes = element_size(field.dtype);
  if (bytes == 0) {
    throw std::runtime_error(
        fmt::format("field `{}` has the unknown element type {}; use one of abi/tensor.h", field.name, field.dtype));
  }
  for (const auto extent : field.shape) {
    if (extent == 0 || extent < BINADE_VARIABLE) {
      throw std::runtime_error(
          fmt::format("field `{}` has the extent {}; extents must be at least 1, or {} if they vary", field.name,
                      extent, BINADE_VARIABLE));
    }
    const auto factor = static_cast<std::uint64_t>(std::max<std::int64_t>(extent, 1));
    if (__builtin_mul_overflow(bytes, factor, &bytes) || bytes > std::numeric_limits<std::uint64_t>::max() / 2) {
      throw std::runtime_error(fmt::format("a sample of field `{}` is larger than the address space", field.name));
    }
  }
  if (!field.variable()) return;
  if (!can_measure) {
    throw std::runtime_error(
        fmt::format("field `{}` has a variable extent, but the plugin has no measure(); implement it", field.name));
  }
  if (!to_element(field.dtype, field.pad_value)) {
    throw std::runtime_error(
        fmt::format("field `{}` cannot hold its pad value {}; choose another", field.name, field.pad_value));
  }
}

void check_fields(const DatasetDescription& description, bool can_measure) {
  if (description.fields.empty()) throw std::runtime_error("there are no fields; add at least one");
  std::set<std::string> names;
  for (const auto& field : description.fields) {
    check_field(field, can_measure);
    if (!names.insert(field.name).second) {
      throw std::runtime_error(fmt::format("field `{}` is added twice; give each field its own name", field.name));
    }
  }
  for (const auto& field : description.fields) {
    if (field.variable() && names.count(field.name + "_length") != 0) {
      throw std::runtime_error(fmt::format(
          "field `{0}_length` has the name that the host uses for the lengths of the variable field `{0}`; rename one",
          field.name));
    }
  }
}

}  // namespace

bool Field::variable() const { return std::find(shape.begin(), shape.end(), BINADE_VARIABLE) != shape.end(); }

std::string name_in_messages(const Plugin& plugin) {
  return fmt::format("dataset plugin `{}` {} ({})", plugin.id(), plugin.version(), plugin.path().string());
}

DatasetDescription describe(const Plugin& plugin, const binade_dataset_table& table, void* self, bool fitted) {
  Notes notes;
  Sink sink{{sizeof(binade_description), 0, add_split, add_field, add_fact, set_independent}, &notes};
  plugin.call("describe", [&](binade_error* error) { return table.describe(self, &sink.base, error); });
  try {
    if (!notes.problem.empty()) throw std::runtime_error(notes.problem);
    check_splits(notes.description);
    if (fitted) {
      check_fields(notes.description, table.measure != nullptr);
      check_facts(notes.description);
    }
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("{}: describe(): {}", name_in_messages(plugin), error.what()));
  }
  return std::move(notes.description);
}

}  // namespace binade::host
