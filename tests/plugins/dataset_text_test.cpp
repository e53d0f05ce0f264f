// The text dataset: which files, which tokens, which windows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugins/datasets/utf8.h"
#include "tests/plugins/opened_dataset.h"

namespace binade::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Tokens = std::vector<std::int64_t>;

GivenOptions text_options(const std::vector<std::string>& paths, std::int64_t length) {
  return {{"paths", {paths.begin(), paths.end()}}, {"sequence_length", integer(length)}};
}

GivenOptions with(GivenOptions options, const std::string& name, std::vector<Scalar> value) {
  options[name] = std::move(value);
  return options;
}

// The whole text, as bytes.
std::string content(const OpenedDataset& text) {
  std::vector<std::uint64_t> all(text.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  const auto tokens = text.read<std::int64_t>(0, all);
  return {tokens.begin(), tokens.end()};
}

TEST(TextDataset, ReadsWindowsOfBytes) {
  const TemporaryFolder folder;
  const OpenedDataset text("text", text_options({folder.write("a.txt", "abcdefgh\xFFij\n")}, 3));
  EXPECT_EQ(text.size(), 4u);
  EXPECT_EQ(text.read<std::int64_t>(0, {0, 2}), (Tokens{'a', 'b', 'c', 'g', 'h', 255}));
}

TEST(TextDataset, StatesWhatAModelNeedsToKnow) {
  const TemporaryFolder folder;
  const OpenedDataset text("text", text_options({folder.write("a.txt", "abcdefghij\n")}, 4));
  EXPECT_EQ(std::get<std::int64_t>(text.fact("vocab_size")), 256);
  EXPECT_EQ(std::get<std::int64_t>(text.fact("sequence_length")), 4);
  EXPECT_EQ(std::get<std::string>(text.fact("loss")), "next_token");
  EXPECT_EQ(std::get<std::string>(text.fact("target")), "tokens");
  ASSERT_EQ(text.dataset().fields().size(), 1u);
  EXPECT_EQ(text.dataset().fields()[0].name, "tokens");
  EXPECT_THAT(text.dataset().fields()[0].shape, ElementsAre(4));
}

TEST(TextDataset, HoldsBackItsEndForValidationBecauseWindowsAreNotIndependent) {
  const TemporaryFolder folder;
  const OpenedDataset text("text", text_options({folder.write("a.txt", std::string(99, 'x'))}, 2));
  const auto validation = text.dataset().split("validation");
  EXPECT_TRUE(validation.indices.empty());
  EXPECT_EQ(validation.first, 40u);
  EXPECT_EQ(validation.size, 10u);
}

TEST(TextDataset, PredictsEachTokenOfItsValidationPartExactlyOnce) {
  const TemporaryFolder folder;
  for (const char* encoding : {"bytes", "characters"}) {
    std::string letters;
    for (int i = 0; i < 99; ++i) letters += static_cast<char>('!' + i % 90);
    auto options = with(text_options({folder.write("a.txt", letters + "\n")}, 8), "validation", {Scalar(0.3)});
    options = with(with(options, "stride", integer(1)), "encoding", text(encoding));
    const OpenedDataset dataset("text", options);
    // 30 of 100 tokens, rounded down to whole samples of 7 predictions: 28, and 72 to train on.
    EXPECT_EQ(dataset.dataset().split("train").size, 72u - 8 + 1);
    ASSERT_EQ(dataset.dataset().split("validation").size, 4u);
    const auto train = dataset.read<std::int64_t>(0, {0, 7, 14, 21, 28, 35, 42, 49, 56, 63, 64});
    const auto validation = dataset.read_from<std::int64_t>("validation", 0, {0, 1, 2, 3});
    EXPECT_EQ(validation[0], train.back()) << "the first sample begins on the last token to train on";
    Tokens predicted;
    for (std::size_t i = 0; i < validation.size(); ++i) {
      if (i % 8 != 0) predicted.push_back(validation[i]);
    }
    Tokens whole(train.begin(), train.begin() + 8);
    for (std::size_t row = 1; row < 10; ++row) whole.insert(whole.end(), &train[row * 8 + 1], &train[row * 8 + 8]);
    whole.push_back(train.back());
    ASSERT_EQ(whole.size(), 72u);
    whole.insert(whole.end(), predicted.begin(), predicted.end());
    const auto plain = with(text_options({folder.path() / "a.txt"}, 50), "encoding", text(encoding));
    EXPECT_EQ(whole, OpenedDataset("text", plain).read<std::int64_t>(0, {0, 1})) << encoding;
  }
}

TEST(TextDataset, NumbersTheCharactersOfItsValidationPartToo) {
  const TemporaryFolder folder;
  auto options = with(text_options({folder.write("a.txt", "aaaaaaaaaaaabcd\n")}, 3), "validation", {Scalar(0.25)});
  const OpenedDataset dataset("text", with(options, "encoding", text("characters")));
  EXPECT_EQ(std::get<std::int64_t>(dataset.fact("vocab_size")), 5);
  EXPECT_EQ(dataset.read_from<std::int64_t>("validation", 0, {0, 1}), (Tokens{1, 2, 3, 3, 4, 0}));
}

TEST(TextDataset, SaysWhichPartIsShorterThanOneSample) {
  const TemporaryFolder folder;
  const std::string file = folder.write("a.txt", std::string(100, 'x'));  // and a newline
  EXPECT_THAT(
      refusal("text", with(text_options({file}, 20), "validation", {Scalar(0.1)}), BINADE_BAD_DATA),
      HasSubstr(file + ": 101 bytes, of which `validation` = 0.1 is less than one sample: provide more text, or a "
                       "`sequence_length` below 20, or a larger `validation`"));
  EXPECT_THAT(refusal("text", with(text_options({file}, 40), "validation", {Scalar(0.8)}), BINADE_BAD_DATA),
              HasSubstr("`validation` = 0.8 leaves 23 to train on, less than one sample"));
}

TEST(TextDataset, LetsWindowsOverlapByAStride) {
  const TemporaryFolder folder;
  const auto options = text_options({folder.write("a.txt", "abcdefg\n")}, 4);
  const OpenedDataset text("text", with(options, "stride", integer(2)));
  EXPECT_EQ(text.size(), 3u);  // abcd cdef efg.
  EXPECT_EQ(text.read<std::int64_t>(0, {1}), (Tokens{'c', 'd', 'e', 'f'}));
}

TEST(TextDataset, NumbersCharactersInSortedOrder) {
  const TemporaryFolder folder;
  const auto options = text_options({folder.write("a.txt", "b\u00E9a\u20AC\U0001F600\n")}, 5);
  const OpenedDataset text("text",
                           with(with(options, "encoding", binade::host::text("characters")), "stride", integer(1)));
  // "\n" a b é € and the emoji
  EXPECT_EQ(std::get<std::int64_t>(text.fact("vocab_size")), 6);
  const auto whole = with(text_options({folder.path() / "a.txt"}, 3), "encoding", binade::host::text("characters"));
  EXPECT_EQ(OpenedDataset("text", whole).read<std::int64_t>(0, {0, 1}), (Tokens{2, 3, 1, 4, 5, 0}));
}

TEST(TextDataset, SaysWhereAFileIsNotUtf8) {
  const TemporaryFolder folder;
  for (const std::string wrong : {"\xFF", "\xC3(", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
    const std::string file = folder.write("latin.txt", "caf" + wrong);
    const auto options = with(text_options({file}, 2), "encoding", text("characters"));
    EXPECT_THAT(refusal("text", options, BINADE_BAD_DATA), HasSubstr(file + ": invalid UTF-8 at byte 3")) << wrong;
  }
}

TEST(Utf8, ReadsNothingBehindTheEnd) {
  const std::string_view euro = "\u20AC";
  EXPECT_EQ(decode_utf8(euro, 0).size, 3u);
  EXPECT_EQ(decode_utf8(euro.substr(0, 2), 0).size, 0u);
}

TEST(TextDataset, ReadsAFolderInSortedOrderWithoutHiddenAndBinaryFiles) {
  const TemporaryFolder folder;
  folder.write("src/z.txt", "last");
  folder.write("src/a.txt", "first\n");
  folder.write("src/deep/er/m.md", "middle");
  folder.write("src/.hidden", "no");
  folder.write("src/.git/config", "no");
  folder.write("src/picture.png", std::string("\x89PNG\0\0", 6));
  const OpenedDataset text("text", text_options({folder.path() / "src"}, 2));
  EXPECT_EQ(content(text), "first\nmiddle\nlast\n");
}

TEST(TextDataset, TakesGlobs) {
  const TemporaryFolder folder;
  folder.write("src/a.cpp", "111\n");
  folder.write("src/b.h", "222\n");
  folder.write("src/x/c.cpp", "333\n");
  folder.write("src/x/y/d.cpp", "444\n");
  folder.write("src/.x/e.cpp", "555\n");
  const auto root = (folder.path() / "src").string();
  const auto read = [&](const std::string& glob) {
    return content(OpenedDataset("text", with(text_options({root + glob}, 2), "stride", integer(2))));
  };
  EXPECT_EQ(content(OpenedDataset("text", text_options({root + "/*.cpp", root + "/?.h"}, 2))), "111\n222\n");
  EXPECT_EQ(read("/**/*.cpp"), "111\n333\n444\n");
  EXPECT_EQ(read("/*/**/d.cpp") + read("/x/*.cpp"), "444\n333\n");
  EXPECT_EQ(read("/x/**"), "333\n444\n");
  EXPECT_EQ(read("/[ab].*"), "111\n222\n");
}

TEST(TextDataset, ReadsAFileOnceThoughTwoPathsMeanIt) {
  const TemporaryFolder folder;
  const std::string file = folder.write("src/a.txt", "abc\n");
  folder.write("src/b.txt", "def\n");
  const auto glob = (folder.path() / "src/../src/*.txt").string();
  EXPECT_EQ(content(OpenedDataset("text", text_options({glob, file, folder.path() / "src"}, 4))), "abc\ndef\n");
}

TEST(TextDataset, NamesThePathThatMeansNothing) {
  const TemporaryFolder folder;
  const auto missing = (folder.path() / "missing.txt").string(), glob = (folder.path() / "*.txt").string();
  EXPECT_THAT(refusal("text", text_options({missing}, 2), BINADE_NOT_FOUND), HasSubstr(missing + ": no such file"));
  EXPECT_THAT(refusal("text", text_options({glob}, 2), BINADE_NOT_FOUND), HasSubstr(glob + ": no file matches"));
  EXPECT_THAT(refusal("text", text_options({folder.path()}, 2), BINADE_NOT_FOUND), HasSubstr("holds no text file"));
  EXPECT_THAT(refusal("text", text_options({}, 2), BINADE_NOT_FOUND), HasSubstr("`paths` is empty"));
}

TEST(TextDataset, SaysWhyAFileCannotBeRead) {
  const std::string unreadable = "/proc/self/mem";  // can be opened, but reading at 0 fails, even for root
  EXPECT_THAT(refusal("text", text_options({unreadable}, 2), BINADE_BAD_DATA),
              HasSubstr(unreadable + ": cannot be read: Input/output error"));
}

TEST(TextDataset, SaysThatTheTextIsShorterThanOneSample) {
  const TemporaryFolder folder;
  const std::string file = folder.write("a.txt", "abc"), empty = folder.write("empty.txt", "");
  EXPECT_THAT(refusal("text", text_options({file}, 10), BINADE_BAD_DATA), HasSubstr(file + ": 4 bytes, less than one"));
  EXPECT_THAT(refusal("text", text_options({empty}, 10), BINADE_BAD_DATA), HasSubstr(empty + ": contains no text"));
}

TEST(TextDataset, GivesTheSameBytesEveryTime) {
  const TemporaryFolder folder;
  const auto options = text_options({folder.write("a.txt", "the same text, always\n")}, 5);
  const OpenedDataset first("text", options), second("text", options);
  EXPECT_EQ(first.read<std::int64_t>(0, {3, 0, 3}), second.read<std::int64_t>(0, {3, 0, 3}));
}

}  // namespace
}  // namespace binade::host
