// The tokens dataset: both formats, windows, shards, and its error messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/plugins/opened_dataset.h"

namespace binade::host {
namespace {

using testing::HasSubstr;
using Tokens = std::vector<std::int64_t>;

std::string little_endian(std::uint64_t number, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(number >> (8 * i));
  return text;
}

// Tokens first, first + 1, ...
std::string shard(std::uint64_t first, std::uint64_t count) {
  std::string text;
  for (std::uint64_t i = 0; i < count; ++i) text += little_endian(first + i, 2);
  return text;
}
std::string header(std::uint64_t count, std::uint64_t magic = 20240520, std::uint64_t version = 1) {
  return little_endian(magic, 4) + little_endian(version, 4) + little_endian(count, 4) + std::string(1012, '\0');
}

GivenOptions tokens(const std::vector<std::string>& paths, std::int64_t length, GivenOptions more = {}) {
  more.insert({{"paths", {paths.begin(), paths.end()}}, {"sequence_length", integer(length)}});
  return more;
}

TEST(TokensDataset, ReadsWindowsOfAHeaderlessFile) {
  const TemporaryFolder folder;
  const OpenedDataset data("tokens", tokens({folder.write("a.bin", shard(40000, 9))}, 3));
  EXPECT_EQ(data.size(), 3u);
  EXPECT_EQ(data.read<std::int64_t>(0, {0, 2}), (Tokens{40000, 40001, 40002, 40006, 40007, 40008}));
  EXPECT_EQ(std::get<std::int64_t>(data.fact("vocab_size")), 40009);
  EXPECT_EQ(std::get<std::int64_t>(data.fact("sequence_length")), 3);
  EXPECT_EQ(std::get<std::string>(data.fact("loss")), "next_token");
  EXPECT_EQ(std::get<std::string>(data.fact("target")), "tokens");
  EXPECT_TRUE(data.dataset().split("validation").indices.empty()) << "windows are not independent";
}

TEST(TokensDataset, SkipsTheHeaderOfLlmC) {
  const TemporaryFolder folder;
  const std::string file = folder.write("a.bin", header(6) + shard(7, 6));
  for (const char* format : {"auto", "llmc"}) {
    const OpenedDataset data("tokens", tokens({file}, 3, {{"format", text(format)}}));
    EXPECT_EQ(data.read<std::int64_t>(0, {0, 1}), (Tokens{7, 8, 9, 10, 11, 12})) << format;
  }
  EXPECT_EQ(OpenedDataset("tokens", tokens({file}, 3, {{"format", text("nanogpt")}})).size(), 518u / 3);
}

TEST(TokensDataset, LetsNoWindowCrossTheEndOfAFile) {
  const TemporaryFolder folder;
  folder.write("data/b.bin", header(4) + shard(20, 4));
  folder.write("data/a.bin", shard(10, 5));
  folder.write("data/c.bin", shard(30, 3));
  folder.write("data/notes.txt", "no tokens");
  for (const auto* path : {"data", "data/*.bin"}) {
    const OpenedDataset data("tokens", tokens({folder.path() / path}, 3, {{"stride", integer(1)}}));
    ASSERT_EQ(data.size(), 6u);
    EXPECT_EQ(data.read<std::int64_t>(0, {0, 1, 2, 3, 4, 5}),
              (Tokens{10, 11, 12, 11, 12, 13, 12, 13, 14, 20, 21, 22, 21, 22, 23, 30, 31, 32}));
  }
}

TEST(TokensDataset, ValidatesOnFilesOfTheirOwn) {
  const TemporaryFolder folder;
  const std::string train = folder.write("train.bin", shard(0, 6)), other = folder.write("other.bin", shard(100, 8));
  const OpenedDataset data("tokens", tokens({train}, 3, {{"validation_paths", text(other)}}));
  EXPECT_EQ(data.dataset().split("train").size, 2u);
  ASSERT_EQ(data.dataset().split("validation").size, 3u);
  EXPECT_EQ(data.read_from<std::int64_t>("validation", 0, {0, 1, 2}),
            (Tokens{100, 101, 102, 102, 103, 104, 104, 105, 106}));
  EXPECT_EQ(std::get<std::int64_t>(data.fact("vocab_size")), 108);
  EXPECT_THAT(data.log(), HasSubstr("1 file, 6 tokens, and 8 to validate; vocab_size 108"));
}

TEST(TokensDataset, HoldsBackTheEndOfAllFiles) {
  const TemporaryFolder folder;
  const std::vector<std::string> files = {folder.write("a.bin", shard(0, 20)), folder.write("b.bin", shard(100, 5))};
  // 10 of 25: the five of b, and four of a's last five, for two windows of two predictions each.
  const OpenedDataset data("tokens", tokens(files, 3, {{"validation", {Scalar(0.4)}}, {"stride", integer(1)}}));
  EXPECT_EQ(data.dataset().split("train").size, 14u);
  EXPECT_EQ(data.read<std::int64_t>(0, {0, 13}), (Tokens{0, 1, 2, 13, 14, 15}));
  ASSERT_EQ(data.dataset().split("validation").size, 4u);
  EXPECT_EQ(data.read_from<std::int64_t>("validation", 0, {0, 1, 2, 3}),
            (Tokens{15, 16, 17, 17, 18, 19, 100, 101, 102, 102, 103, 104}));
}

TEST(TokensDataset, ChecksEveryTokenAgainstTheVocabulary) {
  const TemporaryFolder folder;
  const std::string file = folder.write("a.bin", header(5) + shard(10, 5)), other = folder.write("b.bin", shard(12, 5));
  EXPECT_EQ(std::get<std::int64_t>(
                OpenedDataset("tokens", tokens({file}, 2, {{"vocab_size", integer(15)}})).fact("vocab_size")),
            15);
  EXPECT_THAT(refusal("tokens", tokens({file}, 3, {{"vocab_size", integer(12)}}), BINADE_BAD_DATA),
              HasSubstr(file + ": token 12 at position 2 (from 0); all must be less than `vocab_size`, which is 12"));
  const auto validated = tokens({file}, 3, {{"vocab_size", integer(15)}, {"validation_paths", text(other)}});
  EXPECT_THAT(refusal("tokens", validated, BINADE_BAD_DATA), HasSubstr(other + ": token 15 at position 3"));
}

TEST(TokensDataset, SaysWhatAFileHasInsteadOfTokens) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& content, const char* format = "auto") {
    const std::string file = folder.write("a.bin", content);
    auto message = refusal("tokens", tokens({file}, 3, {{"format", text(format)}}), BINADE_BAD_DATA);
    EXPECT_THAT(message, HasSubstr(file + ": "));
    return message;
  };
  EXPECT_THAT(refused("12345"), HasSubstr("5 bytes, an odd number; 16-bit tokens"));
  EXPECT_THAT(refused(""), HasSubstr("0 tokens, less than one sample"));
  EXPECT_THAT(refused(shard(0, 2)), HasSubstr("2 tokens, less than one sample: remove the file, or set a "
                                              "`sequence_length` of at most 2"));
  EXPECT_THAT(refused(shard(1, 600), "llmc"),
              HasSubstr("begins with the number 131073, llm.c's header with 20240520; if it has no header"));
  EXPECT_THAT(refused(shard(1, 6), "llmc"), HasSubstr("12 bytes; a header of 1024 bytes was expected"));
  EXPECT_THAT(refused(header(6).substr(0, 100)), HasSubstr("100 bytes; a header of 1024 bytes was expected"));
  EXPECT_THAT(refused(header(6, 20240520, 2) + shard(0, 6)), HasSubstr("version 2; version 1 was expected"));
  EXPECT_THAT(refused(header(7) + shard(0, 6)),
              HasSubstr("announces 7 tokens, so 14 bytes after it; there are 12: is the file truncated?"));
  EXPECT_THAT(refused(header(6, 20240801, 7) + shard(0, 12)), HasSubstr("llm.c's format for 32-bit tokens"));
}

TEST(TokensDataset, SaysWhenAPartIsShorterThanOneSample) {
  const TemporaryFolder folder;
  const std::string file = folder.write("a.bin", shard(0, 20));
  EXPECT_THAT(refusal("tokens", tokens({file}, 10, {{"validation", {Scalar(0.2)}}}), BINADE_BAD_DATA),
              HasSubstr(file + ": 20 tokens, of which `validation` is less than one sample"));
  EXPECT_THAT(refusal("tokens", tokens({file}, 10, {{"validation", {Scalar(0.9)}}}), BINADE_BAD_DATA),
              HasSubstr("20 tokens, of which `validation` leaves to train on less than one sample"));
}

TEST(TokensDataset, RefusesValidationThatIsTrainedOnOrGivenTwice) {
  const TemporaryFolder folder;
  const std::string file = folder.write("a.bin", shard(0, 9)), other = folder.write("b.bin", shard(0, 9));
  EXPECT_THAT(refusal("tokens", tokens({file, other}, 3, {{"validation_paths", text(other)}}), BINADE_INVALID_ARGUMENT),
              HasSubstr(other + ": is in `paths` and in `validation_paths`"));
  const auto twice = tokens({file}, 3, {{"validation_paths", text(other)}, {"validation", {Scalar(0.2)}}});
  EXPECT_THAT(refusal("tokens", twice, BINADE_INVALID_ARGUMENT),
              HasSubstr("`validation` and `validation_paths` are both set"));
}

TEST(TokensDataset, NamesAPathThatMeansNothing) {
  const TemporaryFolder folder;
  folder.write("data/a.txt", "text");
  EXPECT_THAT(refusal("tokens", tokens({folder.path() / "data"}, 3), BINADE_NOT_FOUND),
              HasSubstr("this folder holds no file NAME.bin"));
  EXPECT_THAT(refusal("tokens", tokens({folder.path() / "none.bin"}, 3), BINADE_NOT_FOUND),
              HasSubstr("none.bin: no such file"));
  EXPECT_THAT(refusal("tokens", tokens({"/proc/self/mem"}, 3), BINADE_BAD_DATA), HasSubstr("/proc/self/mem: "));
}

}  // namespace
}  // namespace binade::host
