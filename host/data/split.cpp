// Divides a plugin's split "train" into training, validation and test samples.
#include "host/data/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <utility>

#include "host/data/sampler.h"
#include "host/data/subset.h"

namespace binade::host {
namespace {

// The random stream for held-back samples, different from those of the epochs' orders.
constexpr std::uint64_t held_back_draw = ~std::uint64_t{0};

enum Part : std::uint8_t { train, validation, test, unused };
constexpr const char* part_names[] = {"train", "validation", "test"};

// Fractions of the samples; 0 for a part that is not cut from them.
struct Fractions {
  double train = 0;  // 0: all that the others leave
  double validation = 0;
  double test = 0;

  std::uint64_t count(double fraction, std::uint64_t size) const {
    // Less than one unit in the last place per sample, so that 0.2 of 35 samples is 7.
    return static_cast<std::uint64_t>(static_cast<double>(size) * fraction * (1 + 1e-12));
  }
};

// The ends of training, unused and validation samples in an order of `size` samples; test samples follow.
struct Cuts {
  std::uint64_t train = 0, unused = 0, validation = 0;
};

Cuts cuts(const Fractions& fractions, std::uint64_t before, std::uint64_t size) {
  // Of the samples up to the end of this stratum less those before it, so that rounding does not add up over strata.
  const auto share = [&](double fraction) {
    return fractions.count(fraction, before + size) - fractions.count(fraction, before);
  };
  const auto tested = share(fractions.test), validated = share(fractions.validation);
  const auto rest = size - tested - validated;
  return {fractions.train > 0 ? std::min(rest, share(fractions.train)) : rest, rest, size - tested};
}

Part part_at(std::uint64_t place, const Cuts& at) {
  if (place < at.train) return train;
  if (place < at.unused) return unused;
  return place < at.validation ? validation : test;
}

// A run of samples with the same key within an order: [begin, end).
struct Run {
  std::uint64_t begin, end;
};

std::vector<Run> runs(const std::vector<std::uint64_t>& order, const std::vector<std::int64_t>& keys) {
  std::vector<Run> found;
  for (std::uint64_t place = 0; place < order.size(); ++place) {
    if (place == 0 || keys[order[place]] != keys[order[place - 1]]) found.push_back({place, place});
    ++found.back().end;
  }
  return found;
}

std::uint64_t nearest_boundary(std::uint64_t place, const std::vector<Run>& groups) {
  std::uint64_t best = 0;
  for (const auto& group : groups) {
    const auto distance = [&](std::uint64_t boundary) {
      return boundary > place ? boundary - place : place - boundary;
    };
    if (distance(group.end) <= distance(best)) best = group.end;
  }
  return best;
}

// Assigns the samples of one plugin split to parts.
class Division {
 public:
  Division(const SplitSettings& settings, Fractions fractions, std::uint64_t size, bool shuffled, std::uint64_t seed)
      : settings_(settings), fractions_(fractions), order_(size), parts_(size, unused) {
    if (shuffled) {
      permutation(size, seed, held_back_draw, order_);
    } else {
      std::iota(order_.begin(), order_.end(), std::uint64_t{0});
    }
  }

  std::vector<Part> plain() {
    cut({{0, order_.size()}});
    return std::move(parts_);
  }

  std::vector<Part> stratified(const std::vector<std::int64_t>& keys) {
    std::stable_sort(order_.begin(), order_.end(), [&](auto a, auto b) { return keys[a] < keys[b]; });
    const auto strata = runs(order_, keys);
    const std::uint64_t least = settings_.folds > 0 ? settings_.folds : 2;
    for (const auto& stratum : strata) {
      if (stratum.end - stratum.begin >= least) continue;
      throw std::runtime_error(fmt::format(
          "`[split] stratify`: {} of the {} values occur in fewer than {} samples, so they cannot be in every part; "
          "remove such samples, or remove `stratify`",
          std::count_if(strata.begin(), strata.end(), [&](const Run& one) { return one.end - one.begin < least; }),
          strata.size(), least));
    }
    cut(strata);
    return std::move(parts_);
  }

  std::vector<Part> grouped(const std::vector<std::int64_t>& keys) {
    std::map<std::int64_t, std::uint64_t> first;  // group to its place in the order
    for (std::uint64_t place = 0; place < order_.size(); ++place) first.emplace(keys[order_[place]], place);
    std::stable_sort(order_.begin(), order_.end(),
                     [&](auto a, auto b) { return first.at(keys[a]) < first.at(keys[b]); });
    const auto groups = runs(order_, keys);
    auto at = cuts(fractions_, 0, order_.size());
    for (auto* cut : {&at.train, &at.unused, &at.validation}) *cut = nearest_boundary(*cut, groups);
    for (std::uint64_t place = 0; place < order_.size(); ++place) parts_[order_[place]] = part_at(place, at);
    if (settings_.folds > 0) fold_groups(groups);
    return std::move(parts_);
  }

 private:
  // Cuts each stratum of the order alike.
  void cut(const std::vector<Run>& strata) {
    std::uint64_t kept = 0;
    for (const auto& [begin, end] : strata) {
      const auto at = cuts(fractions_, begin, end - begin);
      for (auto place = begin; place < end; ++place) {
        auto& part = parts_[order_[place]] = part_at(place - begin, at);
        if (settings_.folds == 0 || part != train) continue;
        if (kept++ % settings_.folds == settings_.fold) part = validation;
      }
    }
  }

  // Puts each group, the largest one first, into the fold that has the fewest samples.
  void fold_groups(std::vector<Run> groups) {
    const auto size = [](const Run& group) { return group.end - group.begin; };
    std::stable_sort(groups.begin(), groups.end(), [&](const Run& a, const Run& b) { return size(a) > size(b); });
    std::vector<std::uint64_t> folds(settings_.folds);
    for (const auto& group : groups) {
      if (parts_[order_[group.begin]] != train) continue;
      const auto fold = std::min_element(folds.begin(), folds.end());
      *fold += size(group);
      if (static_cast<std::uint64_t>(fold - folds.begin()) != settings_.fold) continue;
      for (auto place = group.begin; place < group.end; ++place) parts_[order_[place]] = validation;
    }
  }

  const SplitSettings& settings_;
  Fractions fractions_;
  std::vector<std::uint64_t> order_;
  std::vector<Part> parts_;
};

Split whole(const std::string& name, std::uint32_t number, std::uint64_t size) { return {name, number, size, 0, {}}; }

// Ranges where samples depend on their neighbours, so that a part is contiguous.
std::vector<Split> ranges(std::uint32_t number, const Cuts& at, std::uint64_t size) {
  std::vector<Split> parts{{"train", number, at.train, 0, {}}};
  if (at.validation > at.unused) parts.push_back({"validation", number, at.validation - at.unused, at.unused, {}});
  if (size > at.validation) parts.push_back({"test", number, size - at.validation, at.validation, {}});
  return parts;
}

std::vector<Split> collected(std::uint32_t number, const std::vector<Part>& parts) {
  std::vector<Split> splits;
  for (const Part part : {train, validation, test}) {
    const auto size = static_cast<std::uint64_t>(std::count(parts.begin(), parts.end(), part));
    if (size == 0 && part != train) continue;
    auto& split = splits.emplace_back(whole(part_names[part], number, size));
    split.indices.reserve(size);
    for (std::uint64_t index = 0; index < parts.size(); ++index) {
      if (parts[index] == part) split.indices.push_back(index);
    }
  }
  return splits;
}

// Fold `fold` of a sequence, as a block, so that neighbours stay together.
std::vector<Split> block(std::uint32_t number, const SplitSettings& settings, const Cuts& at, std::uint64_t size) {
  __extension__ using Wide = unsigned __int128;
  const auto end_of = [&](std::uint64_t folds) {
    return static_cast<std::uint64_t>(Wide{at.train} * folds / settings.folds);
  };
  std::vector<Part> parts(size, train);
  std::fill(parts.begin() + static_cast<std::ptrdiff_t>(end_of(settings.fold)),
            parts.begin() + static_cast<std::ptrdiff_t>(end_of(settings.fold + 1)), validation);
  std::fill(parts.begin() + static_cast<std::ptrdiff_t>(at.validation), parts.end(), test);
  return collected(number, parts);
}

const DatasetDescription::PluginSplit* find(const DatasetDescription& description, const std::string& name) {
  const auto found = std::find_if(description.splits.begin(), description.splits.end(),
                                  [&](const auto& split) { return split.name == name; });
  return found == description.splits.end() ? nullptr : &*found;
}

Fractions fractions(const DatasetDescription& description, const SplitSettings& settings) {
  const bool has_validation = find(description, "validation") != nullptr;
  const auto refuse = [](const char* key, const char* part) {
    throw std::runtime_error(
        fmt::format("the dataset has a split `{}` of its own, so `[split] {}` cannot be given; "
                    "remove it",
                    part, key));
  };
  if (has_validation && settings.validation) refuse("validation", "validation");
  if (has_validation && settings.folds > 0) refuse("folds", "validation");
  if (settings.test && find(description, "test") != nullptr) refuse("test", "test");
  Fractions found;
  found.train = settings.train.value_or(0);
  found.test = settings.test.value_or(0);
  found.validation = settings.validation.value_or(has_validation || settings.folds > 0 ? 0 : 0.2);
  if (found.train + found.validation + found.test > 1 + 1e-9) {
    throw std::runtime_error(
        fmt::format("`[split]`: train, validation and test are {} of the samples together; give "
                    "fractions that add up to at most 1",
                    found.train + found.validation + found.test));
  }
  return found;
}

std::vector<Split> divided_train(const DatasetDescription& description, const SplitSettings& settings,
                                 std::uint64_t seed, const SampleKeys& keys) {
  const auto* plugin_split = find(description, "train");
  const auto number = static_cast<std::uint32_t>(plugin_split - description.splits.data());
  const auto size = plugin_split->size;
  auto wanted = fractions(description, settings);
  const bool shuffled = description.independent;
  if ((settings.stratify || settings.group_by) && wanted.validation + wanted.test == 0 && settings.folds == 0) {
    throw std::runtime_error(
        "`[split]`: the dataset has its own splits, so there is nothing to stratify or to group; "
        "remove `stratify` and `group_by`");
  }
  if (wanted.train + wanted.validation + wanted.test == 0 && settings.folds == 0) return {whole("train", number, size)};
  if (settings.stratify) {
    if (!shuffled) {
      throw std::runtime_error(
          "`[split] stratify`: the dataset does not state that its samples are independent, so "
          "they cannot be distributed at random; remove `stratify`");
    }
    return collected(number, Division(settings, wanted, size, true, seed).stratified(keys(*settings.stratify)));
  }
  if (settings.group_by) {
    return collected(number, Division(settings, wanted, size, true, seed).grouped(keys(*settings.group_by)));
  }
  // A part is never empty because its share is less than one sample.
  const auto at_least_one = [&](double& fraction) {
    if (fraction > 0) fraction = std::max(fraction, 1 / static_cast<double>(size));
  };
  at_least_one(wanted.validation);
  at_least_one(wanted.test);
  if (shuffled) return collected(number, Division(settings, wanted, size, true, seed).plain());
  const auto at = cuts(wanted, 0, size);
  return settings.folds > 0 ? block(number, settings, at, size) : ranges(number, at, size);
}

void require_samples(const std::vector<Split>& parts, const DatasetDescription& description,
                     const SplitSettings& settings) {
  const auto size = find(description, "train")->size;
  const auto lacks = [&](const char* name) {
    return std::none_of(parts.begin(), parts.end(), [&](const Split& part) { return part.name == name && part.size; });
  };
  const bool cut_validation = find(description, "validation") == nullptr;
  const char* empty = lacks("train")                          ? "train"
                      : cut_validation && lacks("validation") ? "validation"
                      : settings.test && lacks("test")        ? "test"
                                                              : nullptr;
  if (empty == nullptr) return;
  const auto what = settings == SplitSettings() ? "or a split `validation`"
                    : settings.group_by         ? "or change `group_by` in [split]"
                    : settings.folds > 0        ? "or fewer folds in [split]"
                                                : "or change the fractions in [split]";
  throw std::runtime_error(
      fmt::format("no sample is left for `{}`: the dataset has {} sample{} in `train`{}; provide more data, {}", empty,
                  size, size == 1 ? "" : "s", cut_validation ? " and no split `validation`" : "", what));
}

// The same few samples to train on and to validate with.
std::vector<Split> overfitted(const Split& train, std::uint64_t count, std::uint64_t seed) {
  std::vector<Split> parts(2, subset(train, count, seed));
  parts.back().name = "validation";
  return parts;
}

}  // namespace

std::vector<Split> divide(const DatasetDescription& description, const SplitSettings& settings, std::uint64_t seed,
                          const SampleKeys& keys) {
  auto parts = divided_train(description, settings, settings.seed.value_or(seed), keys);
  require_samples(parts, description, settings);
  if (settings.overfit > 0) return overfitted(parts.front(), settings.overfit, settings.seed.value_or(seed));
  for (std::uint32_t number = 0; number < description.splits.size(); ++number) {
    const auto& [name, size] = description.splits[number];
    if (name != "train") parts.push_back(whole(name, number, size));
  }
  return parts;
}

}  // namespace binade::host
