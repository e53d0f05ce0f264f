#include "host/data/fact_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <string>

namespace binade::host {
namespace {

template <class T>
std::optional<T> fact(const DatasetDescription& description, const std::string& name) {
  const auto found = description.facts.find(name);
  if (found == description.facts.end()) return std::nullopt;
  if (const auto* value = std::get_if<T>(&found->second)) return *value;
  constexpr bool text = std::is_same_v<T, std::string>;
  throw std::runtime_error(fmt::format("the fact `{}` must be {}", name, text ? "a string" : "an integer"));
}

const Field* field(const DatasetDescription& description, const std::string& name) {
  const auto found = std::find_if(description.fields.begin(), description.fields.end(),
                                  [&](const Field& one) { return one.name == name; });
  return found == description.fields.end() ? nullptr : &*found;
}

bool is_floating(std::uint32_t dtype) {
  return dtype == BINADE_FLOAT16 || dtype == BINADE_BFLOAT16 || dtype == BINADE_FLOAT32 || dtype == BINADE_FLOAT64;
}

void check_extent(const DatasetDescription& description, const char* name, const char* of, std::int64_t extent) {
  const auto stated = fact<std::int64_t>(description, name);
  if (!stated || *stated == extent) return;
  throw std::runtime_error(fmt::format("the fact `{}` is {}, but a sample of the field `{}` has {}; make them agree",
                                       name, *stated, of, extent));
}

void check_counts(const DatasetDescription& description) {
  for (const char* name : {"classes", "vocab_size", "features", "sequence_length", "channels", "height", "width"}) {
    const auto count = fact<std::int64_t>(description, name);
    if (count && *count < 1)
      throw std::runtime_error(fmt::format("the fact `{}` is {}; it must be at least 1", name, *count));
  }
}

void check_task(const DatasetDescription& description) {
  constexpr std::array losses{"cross_entropy", "next_token", "mse", "model"};
  const auto loss = fact<std::string>(description, "loss");
  if (loss && std::find(losses.begin(), losses.end(), *loss) == losses.end()) {
    throw std::runtime_error(
        fmt::format("the fact `loss` is \"{}\"; it must be \"{}\"", *loss, fmt::join(losses, "\", \"")));
  }
  const auto target = fact<std::string>(description, "target");
  if (!target) return;
  const auto* found = field(description, *target);
  if (found == nullptr) {
    throw std::runtime_error(fmt::format("the fact `target` is \"{}\", but there is no such field", *target));
  }
  if (loss == "cross_entropy" && is_floating(found->dtype)) {
    throw std::runtime_error(fmt::format(
        "the loss is \"cross_entropy\", but the target `{}` has a floating-point type; classes are integers", *target));
  }
  if (loss == "mse" && !is_floating(found->dtype)) {
    throw std::runtime_error(
        fmt::format("the loss is \"mse\", but the target `{}` has an integer type; describe it as "
                    "float32",
                    *target));
  }
}

}  // namespace

void check_facts(const DatasetDescription& description) {
  check_counts(description);
  check_task(description);
  if (const auto* features = field(description, "features"); features != nullptr && !features->variable()) {
    std::int64_t size = 1;
    for (const auto extent : features->shape) size *= extent;
    check_extent(description, "features", "features", size);
  }
  const auto* image = field(description, "image");
  if (image == nullptr || image->variable() || image->shape.size() != 3) return;
  check_extent(description, "channels", "image", image->shape[0]);
  check_extent(description, "height", "image", image->shape[1]);
  check_extent(description, "width", "image", image->shape[2]);
}

}  // namespace binade::host
