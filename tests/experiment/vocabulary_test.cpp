// S1: where the number of tokens comes from.
#include "host/experiment/vocabulary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace binade::host {
namespace {

TEST(Vocabulary, S1TheExperimentsWordComesFirst) {
  EXPECT_EQ(resolve_vocabulary(100, 200, 300).size, 100);
  EXPECT_EQ(resolve_vocabulary(100, {}, 0).warning, "");
}

TEST(Vocabulary, S1ThenTheDatasets) { EXPECT_EQ(resolve_vocabulary({}, 200, 300).size, 200); }

TEST(Vocabulary, S1ThenTheModelsFirstEmbedding) {
  EXPECT_EQ(resolve_vocabulary({}, {}, 300).size, 300);
  EXPECT_EQ(resolve_vocabulary({}, {}, 300).warning, "");
}

TEST(Vocabulary, S1ThenThatOfGpt2WithAWarning) {
  const auto vocabulary = resolve_vocabulary({}, {}, 0);
  EXPECT_EQ(vocabulary.size, 50257);
  EXPECT_THAT(vocabulary.warning, ::testing::HasSubstr("50257 is assumed"));
}

}  // namespace
}  // namespace binade::host
