// Files that a dataset cannot use: compressed, in another format, encoding, byte order or width; broken links; pipes.
// Every dataset names the kind of file in the same way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/plugins/opened_dataset.h"

namespace binade::host {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using namespace std::string_literals;

class DatasetForms : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& content) const { return folder_.write(name, content); }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  static GivenOptions csv(const std::string& file) { return {{"path", text(file)}}; }
  static GivenOptions tokens(const std::string& file, const std::string& format = "auto") {
    return {{"paths", text(file)}, {"sequence_length", integer(4)}, {"format", text(format)}};
  }
  static GivenOptions letters(const std::string& file, const std::string& encoding = "bytes") {
    return {{"paths", text(file)}, {"sequence_length", integer(2)}, {"encoding", text(encoding)}};
  }
  static GivenOptions idx(const std::string& file) {
    return {{"format", text("idx")}, {"images", text(file)}, {"labels", text(file)}};
  }
  static GivenOptions cifar(const std::string& file) { return {{"format", text("cifar10")}, {"paths", text(file)}}; }

  TemporaryFolder folder_;
};

std::string little(std::uint64_t number, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(number >> (8 * i));
  return text;
}
std::string big(std::uint64_t number, int bytes) {
  std::string text;
  for (int i = bytes; i-- > 0;) text += static_cast<char>(number >> (8 * i));
  return text;
}
// `count` unordered numbers below `limit`.
std::string numbers(std::string (*written)(std::uint64_t, int), int bytes, std::uint64_t limit, int count = 2000) {
  std::string text;
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(count); ++i) text += written(i * 7919 % limit, bytes);
  return text;
}
// ASCII as UTF-16 or UTF-32.
std::string wide(const std::string& text, std::string (*written)(std::uint64_t, int), int bytes, bool mark) {
  std::string all = mark ? written(0xFEFF, bytes) : "";
  for (const char c : text) all += written(static_cast<unsigned char>(c), bytes);
  return all;
}

TEST_F(DatasetForms, NameTheFormatThatAFileHasInstead) {
  struct Case {
    std::string content;
    const char* name;
  };
  const auto tail = std::string(4096, '\0');
  for (const auto& [content, name] : {
           Case{"\x93NUMPY\x01\0v\0{'descr': '<u2'"s + tail, "this is a NumPy array (.npy); "},
           Case{"\x1F\x8B\x08\0"s + tail, "this is compressed (gzip): run `gunzip "},
           Case{"PK\x03\x04"s + tail, "this is a zip archive, as .npz, .xlsx and .pt are: run `unzip "},
           Case{"\x89PNG\r\n\x1A\n"s + tail, "this is a PNG image; "},
           Case{"PAR1\x15\x04"s + tail, "this is a Parquet file; "},
           Case{"\x7F"s + "ELF\x02\x01"s + tail, "this is a program or library (ELF); "},
           Case{little(64, 8) + "{\"__metadata__\":{}}" + tail, "this is a safetensors file (weights); "},
           Case{std::string(257, 'a') + "ustar\0"s + tail, "this is a tar archive: run `tar -xf "},
           Case{"\x80\x04\x95"s + tail, "this is a Python pickle; "},
           Case{"<!DOCTYPE html>\n<title>404</title>\n", "this is a web page (HTML); "},
           Case{"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "this is a Git LFS pointer"},
       }) {
    const auto file = write("a.bin", content);
    EXPECT_THAT(refusal("tokens", tokens(file), BINADE_BAD_DATA), HasSubstr(file + ": " + name));
    EXPECT_THAT(refusal("tokens", tokens(file, "nanogpt"), BINADE_BAD_DATA), HasSubstr(file + ": " + name));
    EXPECT_THAT(refusal("csv", csv(file), BINADE_BAD_DATA), HasSubstr(file + ": " + name));
    // The images dataset unpacks gzip itself, and this is not a complete gzip file.
    const auto* const of_images = content.front() == '\x1F' ? "damaged gzip file: " : name;
    EXPECT_THAT(refusal("images", idx(file), BINADE_BAD_DATA), HasSubstr(file + ": " + of_images));
    EXPECT_THAT(refusal("images", cifar(file), BINADE_BAD_DATA), HasSubstr(file + ": " + of_images));
    if (content.front() == '<') continue;  // a web page is text
    EXPECT_THAT(refusal("text", letters(file, "characters"), BINADE_BAD_DATA), HasSubstr(file + ": " + name));
    EXPECT_THAT(OpenedDataset("text", letters(file)).log(), HasSubstr("warning: " + file + ": " + name));
  }
}

TEST_F(DatasetForms, TakeTextThatBeginsLikeAnotherFormat) {
  for (const char* content : {"PAR1 is a marina\n", "GIF8 and others\n", "GGUF\n", "ustar", "<html>\n"}) {
    const auto file = write("a.txt", content);
    EXPECT_THAT(OpenedDataset("text", letters(file, "characters")).log(), Not(HasSubstr("warning")));
  }
}

TEST_F(DatasetForms, NameWideTextWithAndWithoutAMark) {
  for (const bool mark : {true, false}) {
    for (const int bytes : {2, 4}) {
      for (auto* const order : {little, big}) {
        const auto file = write("a.txt", wide("x,kind\n1,a\n2,b\n", order, bytes, mark));
        const auto name = ": this is text in UTF-" + std::to_string(8 * bytes) + ": convert it with `iconv -f UTF-";
        EXPECT_THAT(refusal("csv", csv(file), BINADE_BAD_DATA), HasSubstr(file + name));
        EXPECT_THAT(refusal("text", letters(file, "characters"), BINADE_BAD_DATA), HasSubstr(file + name));
        EXPECT_THAT(OpenedDataset("text", letters(file)).log(), HasSubstr("warning: " + file + name));
      }
    }
  }
}

TEST_F(DatasetForms, SayWhatAFolderOfTextsLeavesOut) {
  write("all/a.txt", "abc\n");
  write("all/b.txt", wide("a text of Windows\n", little, 2, true));
  write("all/c.txt.gz", "\x1F\x8B\x08 without zeros");
  write("all/d.png", "\x89PNG\r\n\x1A\n\0\0\0\0"s);
  const OpenedDataset data("text", letters(path("all")));
  EXPECT_EQ(data.size(), 2u);
  EXPECT_THAT(data.log(), HasSubstr("warning: skipped files that are not plain text: " + path("all/b.txt") +
                                    " is text in UTF-16, " + path("all/c.txt.gz") + " is compressed (gzip)\n"));
  fs::remove(path("all/a.txt"));
  EXPECT_THAT(refusal("text", letters(path("all")), BINADE_NOT_FOUND),
              HasSubstr("holds no text file (hidden and binary files are ignored); " + path("all/b.txt")));
}

TEST_F(DatasetForms, TolerateAByteOrderMark) {
  const auto file = write("a.txt", "\xEF\xBB\xBFx,k\n1,a\n2,b\n");
  auto options = csv(write("a.csv", "\xEF\xBB\xBFx,k\n1,a\n2,b\n1,a\n2,b\n5,a\n7,b\n"));
  options["columns"] = text("x");  // which there is only where the mark is not a part of the name
  EXPECT_THAT(OpenedDataset("csv", options).log(), Not(HasSubstr("warning")));
  const OpenedDataset data("text", letters(file));
  EXPECT_EQ(data.read<std::int64_t>(0, {0}), (std::vector<std::int64_t>{'x', ','}));
  EXPECT_THAT(data.log(), Not(HasSubstr("warning")));
  EXPECT_EQ(OpenedDataset("text", letters(file, "characters")).size(), 6u);
}

TEST_F(DatasetForms, NameZerosInText) {
  const auto file = write("a.csv", "x,k\n1,a\n2,b\0\n3,c\n"s);
  EXPECT_THAT(refusal("csv", csv(file), BINADE_BAD_DATA), HasSubstr("a.csv:3: contains a NUL byte"));
  EXPECT_THAT(OpenedDataset("text", letters(file)).log(), HasSubstr("a.csv: it contains NUL bytes"));
}

TEST_F(DatasetForms, NameLinesThatEndWithACarriageReturnAlone) {
  for (const auto& [content, place] :
       {std::pair("x,k\r1,a\r2,b\r"s, "a.csv:1: column 2: "), std::pair("x,k\r\n1,a\r\n2,b\r"s, "a.csv:3: column 2: "),
        std::pair("x,k\n1,a\n2,\"b\"\r"s, "a.csv:3: column 2: "),
        std::pair("x,k\r\r\n1,a\r\r\n"s, "a.csv:1: column 2: ")}) {
    EXPECT_THAT(refusal("csv", csv(write("a.csv", content)), BINADE_BAD_DATA),
                HasSubstr(place + "a carriage return (CR) without a line feed (LF) after it"s));
  }
  EXPECT_THAT(OpenedDataset("text", letters(write("a.txt", "one\rtwo\r"))).log(),
              HasSubstr("a.txt: its lines end with only a carriage return (CR)"));
}

TEST_F(DatasetForms, NameTokensOfAnotherWidthOrOrder) {
  struct Case {
    std::string content;
    const char* name;
  };
  for (const auto& [content, name] : {
           Case{numbers(little, 4, 50257), "32-bit numbers: every second 16-bit number is 0"},
           Case{numbers(little, 4, 65), "32-bit numbers: every second"},
           Case{numbers(little, 4, 65, 20), "32-bit numbers: every second"},
           Case{numbers(little, 4, 128256), "32-bit numbers above 65535"},
           Case{numbers(big, 4, 50257), "32-bit numbers, most significant byte first"},
           Case{numbers(little, 8, 50257), "64-bit numbers: three of four"},
           Case{numbers(big, 2, 50257), "16-bit numbers, most significant byte first"},
           Case{numbers(big, 2, 65), "16-bit numbers, most significant byte first"},
           Case{numbers(little, 1, 65, 4000), "8-bit numbers or text: no byte is above 64"},
       }) {
    const auto file = write("a.bin", content);
    EXPECT_THAT(refusal("tokens", tokens(file), BINADE_BAD_DATA),
                AllOf(HasSubstr(file + ": these look like " + name), HasSubstr("set format = \"nanogpt\"")));
    EXPECT_THAT(OpenedDataset("tokens", tokens(file, "nanogpt")).log(),
                HasSubstr("warning: " + file + ": these look like " + name));
  }
  for (const std::uint64_t vocabulary : {16, 65, 256, 257, 300, 1000, 50257, 65536}) {
    for (const int count : {40, 20000}) {
      const auto file = write("a.bin", numbers(little, 2, vocabulary, count));
      EXPECT_THAT(OpenedDataset("tokens", tokens(file)).log(), Not(HasSubstr("warning"))) << vocabulary;
    }
  }
}

TEST_F(DatasetForms, CompareTheWidthOfTokensWithTheirHeader) {
  const auto header = little(20240520, 4) + little(1, 4) + little(500, 4) + std::string(1012, '\0');
  EXPECT_THAT(refusal("tokens", tokens(write("a.bin", header + numbers(little, 4, 50257, 500))), BINADE_BAD_DATA),
              HasSubstr("announces 500 tokens, so 1000 bytes after it; there are 2000: four per token, so these are "
                        "32-bit tokens"));
  const auto file = write("a.bin", header + numbers(little, 2, 50257, 500));
  EXPECT_THAT(OpenedDataset("tokens", tokens(file)).log(), Not(HasSubstr("warning")));
  EXPECT_THAT(OpenedDataset("tokens", tokens(file, "nanogpt")).log(),
              HasSubstr("it begins with the header of llm.c's format"));
}

TEST_F(DatasetForms, LeaveOutLinksThatLeadNowhereOrInACircle) {
  write("all/a.bin", numbers(little, 2, 50257, 40));
  fs::create_symlink("circle.bin", path("all/circle.bin"));
  fs::create_symlink("/nowhere/at/all", path("all/lost.bin"));
  fs::create_directory_symlink("..", path("all/up"));
  const auto warning = "warning: skipped broken links: " + path("all/circle.bin") + ", " + path("all/lost.bin");
  for (const char* paths : {"all", "all/*.bin", "**/*.bin"}) {
    const OpenedDataset data("tokens", tokens(path(paths)));
    EXPECT_EQ(data.size(), 10u) << paths;
    EXPECT_THAT(data.log(), HasSubstr(warning + "\n")) << paths;
  }
  write("all/a.txt", "abcdef\n");
  fs::remove(path("all/a.bin"));
  EXPECT_THAT(OpenedDataset("text", letters(path("all"))).log(), HasSubstr("skipped broken links"));
  EXPECT_THAT(refusal("text", letters(path("all/circle.bin")), BINADE_NOT_FOUND),
              HasSubstr("circle.bin: this link is broken"));
  const auto record = std::string(1, '\x01') + std::string(3072, '\x02');
  write("batches/b.bin", record + record);
  fs::create_symlink("c.bin", path("batches/c.bin"));
  const OpenedDataset images("images", cifar(path("batches/*.bin")));
  EXPECT_EQ(images.size(), 2u);
  EXPECT_THAT(images.log(), HasSubstr("skipped broken links: " + path("batches/c.bin")));
}

TEST_F(DatasetForms, ReadAFileOnceWhateverItsNamesAndDoNotValidateOnIt) {
  const auto file = write("all/a.bin", numbers(little, 2, 50257, 40));
  fs::create_symlink("a.bin", path("all/link.bin"));
  fs::create_hard_link(file, path("all/hard.bin"));
  EXPECT_EQ(OpenedDataset("tokens", tokens(path("all"))).size(), 10u);
  auto options = tokens(file);
  options["validation_paths"] = text(path("all/link.bin"));
  EXPECT_THAT(refusal("tokens", options, BINADE_INVALID_ARGUMENT),
              HasSubstr("link.bin: is in `paths` and in `validation_paths`"));
  const auto batch = write("batch.bin", std::string(1, '\x01') + std::string(3072, '\x02'));
  auto images = cifar(batch);
  images["validation_paths"] = text(batch);
  EXPECT_THAT(refusal("images", images, BINADE_INVALID_ARGUMENT),
              HasSubstr("batch.bin: is in `paths` and in `validation_paths`"));
}

TEST_F(DatasetForms, RefuseAPipeWithoutWaitingForIt) {
  const auto pipe = path("pipe.bin");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const auto& [plugin, options] :
       {std::pair("csv", csv(pipe)), std::pair("tokens", tokens(pipe)), std::pair("text", letters(pipe)),
        std::pair("images", idx(pipe)), std::pair("csv", csv("/dev/zero"))}) {
    EXPECT_THAT(refusal(plugin, options, BINADE_BAD_DATA), HasSubstr("cannot be read: it is a pipe or device"));
  }
  EXPECT_THAT(refusal("csv", csv(path(".")), BINADE_BAD_DATA), HasSubstr("cannot be read: Is a directory"));
}

}  // namespace
}  // namespace binade::host
