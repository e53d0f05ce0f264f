// Checks of what a dataset's samples contain, as training would find it.
#include "host/conformance/sample_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <string>

#include "host/conformance/checks.h"
#include "host/data/batch_memory.h"

namespace binade::host {
namespace {

constexpr std::uint64_t most = 2000;  // samples of a split

// The first, the last and random positions of a split; all of them if there are few.
std::vector<std::uint64_t> positions(const Split& split, std::uint64_t seed) {
  std::set<std::uint64_t> chosen;
  if (split.size <= most) {
    for (std::uint64_t position = 0; position < split.size; ++position) chosen.insert(position);
  } else {
    std::mt19937_64 random(seed);
    for (std::uint64_t i = 0; i < most / 4; ++i) chosen.insert({i, split.size - 1 - i});
    while (chosen.size() < most) chosen.insert(random() % split.size);
  }
  return {chosen.begin(), chosen.end()};
}

template <class T>
bool has_nonfinite(const BatchField& field) {
  const auto* values = static_cast<const T*>(field.data);
  return std::any_of(values, values + field.bytes / sizeof(T), [](T value) { return !std::isfinite(value); });
}

template <class T>
std::int64_t first_integer(const void* data) {
  return static_cast<std::int64_t>(*static_cast<const T*>(data));
}

std::int64_t label_of(const BatchField& field) {
  switch (field.dtype) {
    case BINADE_UINT8:
      return first_integer<std::uint8_t>(field.data);
    case BINADE_INT8:
      return first_integer<std::int8_t>(field.data);
    case BINADE_INT16:
      return first_integer<std::int16_t>(field.data);
    case BINADE_INT32:
      return first_integer<std::int32_t>(field.data);
    default:
      return first_integer<std::int64_t>(field.data);
  }
}

// What the samples must be like for the task that the facts describe.
class SampleRules {
 public:
  explicit SampleRules(const Dataset& dataset) {
    const auto& facts = dataset.facts();
    const auto text = [&](const char* name) {
      const auto found = facts.find(name);
      return found == facts.end() ? std::string() : std::get<std::string>(found->second);
    };
    const auto classes = facts.find("classes");
    if (text("loss") != "cross_entropy" || classes == facts.end()) return;
    classes_ = std::get<std::int64_t>(classes->second);
    target_ = text("target");
  }

  void check(const HostBatch& sample, const std::string& place) const {
    for (const auto& field : sample.fields) {
      if ((field.dtype == BINADE_FLOAT32 && has_nonfinite<float>(field)) ||
          (field.dtype == BINADE_FLOAT64 && has_nonfinite<double>(field))) {
        throw Violation(
            fmt::format("{}: the field `{}` contains NaN or inf, which spoils every weight", place, field.name));
      }
      if (field.name != target_ || field.shape.size() != 1) continue;
      const auto label = label_of(field);
      if (label >= 0 && label < classes_) continue;
      throw Violation(fmt::format("{}: the label `{}` is {}, but the fact `classes` is {}, so labels must be 0 to {}",
                                  place, field.name, label, classes_, classes_ - 1));
    }
  }

 private:
  std::string target_;
  std::int64_t classes_ = 0;
};

}  // namespace

void require_usable_fields(const Dataset& dataset) {
  for (const auto& field : dataset.fields()) {
    if (field.dtype != BINADE_FLOAT64) continue;
    throw Violation(fmt::format(
        "the field `{}` is float64: LibTorch's layers have float32 weights and refuse it; describe it as float32",
        field.name));
  }
}

void require_usable_samples(const Dataset& dataset, std::uint64_t seed) {
  const SampleRules rules(dataset);
  BatchMemory memory(dataset);
  for (const auto& split : dataset.splits()) {
    const bool training = split.name == "train";
    for (std::uint64_t epoch = 0; epoch < 2; ++epoch) {
      for (const auto position : positions(split, seed)) {
        memory.batch().indices = {split.index(position)};
        memory.batch().epoch = epoch;
        memory.read(dataset, split, training, seed);
        rules.check(memory.batch(), fmt::format("sample {} of `{}`", split.index(position), split.name));
      }
    }
  }
}

}  // namespace binade::host
