// Thirty typing mistakes in experiments, and whether the right word is suggested. The plugins are those that come with
// Binade, so that the same words compete as in practice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "host/experiment/diagnostics/nearest.h"
#include "host/experiment/schema/sections.h"
#include "tests/experiment/fixture.h"

namespace binade::host {
namespace {

struct Typo {
  const char* kind;
  const char* text;  // added to a complete experiment
  const char* meant;
};

constexpr Typo typos[] = {
    // keys of the host's sections
    {"deletion", "[train]\nstps = 5\n", "steps"},
    {"deletion", "[train]\nbatchsize = 5\n", "batch_size"},
    {"deletion", "[optimizer]\nl = 0.1\n", "lr"},
    {"transposition", "[optimizer]\nweigth_decay = 0.1\n", "weight_decay"},
    {"transposition", "[train]\ncilp_norm = 1.0\n", "clip_norm"},
    {"transposition", "[metrics]\nlisetn = \"127.0.0.1:0\"\n", "listen"},
    {"substitution", "[schedule]\nwarmup_stebs = 5\n", "warmup_steps"},
    {"substitution", "[train]\nevaluate_evary = 5\n", "evaluate_every"},
    {"insertion", "[experiment]\nseeed = 1\n", "seed"},
    {"insertion", "[train]\naccummulate = 2\n", "accumulate"},
    {"plural", "[train]\nworker = 2\n", "workers"},
    {"plural", "[train]\nepoch = 2\n", "epochs"},
    {"dash", "[train]\nmax-time = \"5m\"\n", "max_time"},
    {"dash", "[train]\nevaluate-batches = 5\n", "evaluate_batches"},
    // sections
    {"substitution", "[optimiser]\nlr = 1e-3\n", "optimizer"},
    {"deletion", "[experment]\nseed = 1\n", "experiment"},
    {"transposition", "[shcedule]\nname = \"cosine\"\n", "schedule"},
    {"plural", "[[loggers]]\nplugin = \"console\"\n", "logger"},
    {"plural", "[metric]\nenabled = true\n", "metrics"},
    // ids of plugins
    {"transposition", "[model]\nplugin = \"gtp\"\n", "gpt"},
    {"insertion", "[precision]\nplugin = \"fp116\"\n", "fp16"},
    {"deletion", "[[logger]]\nplugin = \"consle\"\n", "console"},
    // choices
    {"plural", "[schedule]\nname = \"constants\"\n", "constant"},
    {"substitution", "[optimizer]\nname = \"rmsprob\"\n", "rmsprop"},
    {"dash", "[task]\nloss = \"cross-entropy\"\n", "cross_entropy"},
    {"insertion", "[precision]\ncpu = \"alllow\"\n", "allow"},
    // options of plugins
    {"plural", "[model]\nhead = 4\n", "heads"},
    {"dash", "[model]\nvocab-size = 256\n", "vocab_size"},
    {"substitution", "[dataset]\nsequense_length = 64\n", "sequence_length"},
    {"deletion", "[precision]\ninit_scal = 1024\n", "init_scale"},
};

class Typos : public testing::Test {
 protected:
  Typos() {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(BINADE_SOURCE_DIR "/plugins")) {
      if (entry.path().extension() != ".toml") continue;
      std::stringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      bench_.plugins.add(text.str());
    }
    bench_.folder.write("complete.toml",
                        "[model]\nplugin = \"gpt\"\n[dataset]\nplugin = \"text\"\npaths = [\"x\"]\n[precision]\nplugin "
                        "= \"fp16\"\n[train]\nsteps = 1\n");
  }
  Bench bench_;
};

TEST_F(Typos, GetTheWordThatWasMeantInAtLeast28Of30) {
  ASSERT_TRUE(bench_.load("include = [\"complete.toml\"]\n").experiment);
  int right = 0;
  for (const auto& typo : typos) {
    const auto loaded = bench_.load("include = [\"complete.toml\"]\n" + std::string(typo.text));
    const std::string meant = typo.meant;
    bool suggested = false;
    for (const auto& diagnostic : loaded.diagnostics.all()) {
      suggested = suggested || diagnostic.label == "did you mean `" + meant + "`?" ||
                  diagnostic.label == "did you mean \"" + meant + "\"?";
    }
    right += suggested ? 1 : 0;
    if (!suggested) printf("not suggested: %s for\n%s%s\n", typo.meant, typo.text, loaded.text().c_str());
  }
  printf("%d of %zu mistypings get the right suggestion\n", right, std::size(typos));
  EXPECT_EQ(std::size(typos), 30U);
  EXPECT_GE(right, 28);
}

// One letter lost, doubled, replaced or swapped with its neighbour, an s more or less, - for _.
std::vector<std::string> mistyped(const std::string& word) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < word.size(); ++i) {
    auto lost = word, doubled = word, replaced = word, swapped = word;
    lost.erase(i, 1);
    doubled.insert(i, 1, word[i]);
    replaced[i] = word[i] == 'x' ? 'y' : 'x';
    if (i + 1 < word.size()) std::swap(swapped[i], swapped[i + 1]);
    for (auto& text : {lost, doubled, replaced, swapped}) out.push_back(text);
  }
  out.push_back(word.ends_with('s') ? word.substr(0, word.size() - 1) : word + "s");
  auto dashed = word;
  std::replace(dashed.begin(), dashed.end(), '_', '-');
  out.push_back(dashed);
  return out;
}

TEST(GeneratedTypos, OfAllKeysOfTheHostGetTheRightWordInMoreThan98Percent) {
  int right = 0, all = 0;
  for (const auto& section : host_sections()) {
    for (const auto& variant : section.variants) {
      std::vector<std::string> keys;
      for (const auto& option : variant.options) keys.push_back(option.name);
      for (const auto& key : keys) {
        for (const auto& typo : mistyped(key)) {
          if (std::find(keys.begin(), keys.end(), typo) != keys.end()) continue;
          ++all;
          if (nearest(typo, keys) == key) {
            ++right;
          } else {
            printf("%s: `%s` gives `%s`\n", key.c_str(), typo.c_str(), nearest(typo, keys).c_str());
          }
        }
      }
    }
  }
  printf("%d of %d generated mistypings get the right suggestion\n", right, all);
  EXPECT_GT(all, 1000);
  EXPECT_GT(right, 0.98 * all);
}

}  // namespace
}  // namespace binade::host
