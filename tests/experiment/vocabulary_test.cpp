// The sources of the vocabulary size, in order.
#include "host/experiment/schema/vocabulary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace binade::host {
namespace {

TEST(Vocabulary, TheExperimentComesFirst) {
  EXPECT_EQ(resolve_vocabulary(100, 200, 300).size, 100);
  EXPECT_EQ(resolve_vocabulary(100, {}, 0).warning, "");
}

TEST(Vocabulary, ThenTheDataset) { EXPECT_EQ(resolve_vocabulary({}, 200, 300).size, 200); }

TEST(Vocabulary, ThenTheModelsFirstEmbedding) {
  EXPECT_EQ(resolve_vocabulary({}, {}, 300).size, 300);
  EXPECT_EQ(resolve_vocabulary({}, {}, 300).warning, "");
}

TEST(Vocabulary, ThenGpt2sWithAWarning) {
  const auto vocabulary = resolve_vocabulary({}, {}, 0);
  EXPECT_EQ(vocabulary.size, 50257);
  EXPECT_THAT(vocabulary.warning, ::testing::HasSubstr("50257 is assumed"));
}

TEST(Vocabulary, IsResolvedWhereAnOptionNeedsIt) {
  OptionSpec waiting, other;
  waiting.name = "vocab_size";
  waiting.default_from = "model.vocab_size";
  waiting.default_value = std::vector<Scalar>{std::int64_t{64}};
  other.name = "units";
  other.default_from = "model.units";
  const auto table = [&](Origin origin, std::int64_t value) {
    OptionTable options;
    options.add({&waiting, {value}, origin, {}, {}});
    options.add({&other, {}, Origin::wired, {}, {}});
    return options;
  };
  auto options = table(Origin::default_, 64);
  EXPECT_TRUE(waits_for(options, "model.vocab_size"));
  EXPECT_EQ(settle_vocabulary(options, "model.vocab_size", 11), "");
  EXPECT_EQ(options.integer("vocab_size"), 11);
  EXPECT_FALSE(waits_for(options, "model.vocab_size"));
  EXPECT_FALSE(options.has("units"));

  auto given = table(Origin::file, 64);
  EXPECT_FALSE(waits_for(given, "model.vocab_size"));
  settle_vocabulary(given, "model.vocab_size", 11);
  EXPECT_EQ(given.integer("vocab_size"), 64) << "what the experiment says stays";

  auto unknown = table(Origin::default_, 64);
  EXPECT_THAT(settle_vocabulary(unknown, "model.vocab_size", 0), ::testing::HasSubstr("50257 is assumed"));
  EXPECT_EQ(unknown.integer("vocab_size"), 50257);
}

}  // namespace
}  // namespace binade::host
