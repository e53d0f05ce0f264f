// Did you mean ...?
#include "host/experiment/diagnostics/nearest.h"

#include <gtest/gtest.h>

#include <random>

#include "host/experiment/diagnostics/diagnostic.h"
#include "host/experiment/schema/sections.h"

namespace binade::host {
namespace {

const std::vector<std::string> keys = {"betas", "eps", "lr", "name", "weight_decay", "warmup_steps", "batch_size"};

TEST(Nearest, ForgivesAMissingAWrongADoubledAndASwappedLetter) {
  EXPECT_EQ(nearest("weigth_decay", keys), "weight_decay");
  EXPECT_EQ(nearest("weght_decay", keys), "weight_decay");
  EXPECT_EQ(nearest("weightt_decay", keys), "weight_decay");
  EXPECT_EQ(nearest("weighd_decay", keys), "weight_decay");
  EXPECT_EQ(nearest("rl", keys), "lr");
  EXPECT_EQ(nearest("esp", keys), "eps");
}

TEST(Nearest, ForgivesDashesAndCapitals) {
  EXPECT_EQ(nearest("batch-size", keys), "batch_size");
  EXPECT_EQ(nearest("Batch_Size", keys), "batch_size");
  EXPECT_EQ(nearest("batchsize", keys), "batch_size");
  EXPECT_EQ(nearest("A-B-C-D", {"a_b_c_d"}), "a_b_c_d");
}

TEST(Nearest, CompletesABeginning) {
  EXPECT_EQ(nearest("warmup", keys), "warmup_steps");
  EXPECT_EQ(nearest("bat", keys), "batch_size");
}

TEST(Nearest, FindsNothingForWhatIsFarAway) {
  EXPECT_EQ(nearest("dropout", keys), "");
  EXPECT_EQ(nearest("x", keys), "");
  EXPECT_EQ(nearest("", keys), "");
  EXPECT_EQ(nearest("lr", {}), "");
  EXPECT_EQ(nearest(std::string(100'000, 'a'), keys), "");
}

TEST(Nearest, PrefersTheCloserOne) { EXPECT_EQ(nearest("step", {"stop", "steps", "stamp"}), "steps"); }

struct Keys {
  std::vector<std::string> names;
};

std::vector<Keys> keys_of_all_sections() {
  std::vector<Keys> out;
  for (const auto& section : host_sections()) {
    for (const auto& variant : section.variants) {
      Keys one;
      for (const auto& option : variant.options) one.names.push_back(option.name);
      out.push_back(one);
    }
  }
  return out;
}

// One slip of a finger: a letter lost, doubled, swapped with its neighbour, or replaced by another.
std::string with_typo(const std::string& key, std::mt19937& random) {
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  std::string typo = key;
  while (typo == key) {
    const auto at = below(typo.size() - 1);
    switch (below(4)) {
      case 0:
        typo.erase(at, 1);
        break;
      case 1:
        typo.insert(at, 1, typo[at]);
        break;
      case 2:
        std::swap(typo[at], typo[at + 1]);
        break;
      default:
        typo[at] = static_cast<char>('a' + below(26));
    }
  }
  return typo;
}

TEST(Nearest, GetsAtLeastTwentyEightOfThirtySeededTyposRight) {
  std::mt19937 random(30);
  const auto sections = keys_of_all_sections();
  int right = 0;
  std::string wrong;
  for (int i = 0; i < 30; ++i) {
    const auto& names = sections[random() % sections.size()].names;
    const auto& key = names[random() % names.size()];
    const auto typo = with_typo(key, random);
    const auto found = nearest(typo, names);
    right += found == key ? 1 : 0;
    if (found != key) wrong += typo + " for " + key + " gave " + found + "\n";
  }
  EXPECT_GE(right, 28) << wrong;
}

}  // namespace
}  // namespace binade::host
