// Pictures that are damaged, hostile, or of a kind that is not read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>

#include "tests/plugins/netpbm.h"
#include "tests/plugins/opened_dataset.h"

namespace binade::host {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using namespace std::string_literals;

class BadPictures : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"a/1.png", "a/2.png", "b/1.png", "b/2.png"}) {
      fs::create_directories((folder_ / name).parent_path());
      fs::copy_file(pictures() / "rgb.png", folder_ / name);
    }
    setenv("BINADE_CACHE", cache_.path().c_str(), 1);
  }
  void TearDown() override { unsetenv("BINADE_CACHE"); }

  // The first picture becomes that.
  std::string put(const std::string& content) const { return folder_.write("a/1.png", content); }
  GivenOptions options(GivenOptions more = {}) const {
    more.insert({{"path", text(folder_.path())}, {"size", square(8)}});
    return more;
  }
  // The message that reading the first picture gives; empty if there is none.
  std::string message(const std::string& content) const {
    put(content);
    const OpenedDataset data("images", options());
    try {
      data.read<float>(0, {0});
    } catch (const PluginError& error) {
      EXPECT_EQ(error.status(), BINADE_BAD_DATA) << error.what();
      return error.what();
    }
    return "";
  }
  static std::string content(const std::string& picture) { return contents(pictures() / picture); }

  TemporaryFolder folder_, cache_;
};

std::string big(std::uint32_t number) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(number >> shift);
  return text;
}

TEST_F(BadPictures, AreNamedWithAReasonAndAWayOut) {
  const auto file = (folder_ / "a/1.png").string();
  const auto png = content("rgb.png"), jpeg = content("rgb.jpg"), webp = content("lossless.webp");
  auto huge_jpeg = jpeg, flipped = png;
  const auto frame = jpeg.find("\xFF\xC0");
  huge_jpeg.replace(frame + 5, 4, "\xFF\xDC\xFF\xDC");
  flipped[png.find("IDAT") + 12] ^= 4;
  for (const auto& [bytes, reason] : std::map<std::string, std::string>{
           {"", "the file is empty (0 bytes)"},
           {"hello", "this is no picture that is known; JPEG, PNG and WebP are read: convert or remove it"},
           {"GIF89a\x80", "this is a GIF image; JPEG, PNG and WebP are read"},
           {"\x1F\x8B\x08\x80", "this is compressed (gzip); JPEG"},
           {png.substr(0, png.size() - 30), "damaged PNG: "},
           {flipped, "damaged PNG: "},
           {jpeg.substr(0, jpeg.size() - 40), "damaged JPEG: Premature end of JPEG file"},
           {jpeg.substr(0, jpeg.size() - 2), "damaged JPEG: Premature end of JPEG file"},
           {webp.substr(0, webp.size() - 20), "damaged WebP: the file is truncated"},
           {huge_jpeg, "its header announces 65500 x 65500 pixels; at most 178956970 pixels are read"},
           {content("animated.png"), "an animated PNG: replace it by one of its frames"},
           {content("animated.webp"), "an animated WebP: replace it by one of its frames"},
       }) {
    EXPECT_THAT(message(bytes), AllOf(HasSubstr(file + ": " + reason), HasSubstr("; or set on_bad_file = \"skip\"")));
  }
}

TEST_F(BadPictures, AreFoundWhereverTheyEnd) {
  for (const char* name : {"rgb.png", "palette.png", "interlaced.png", "rgb.jpg", "progressive.jpg", "cmyk.jpg",
                           "lossy.webp", "lossless.webp", "alpha.webp", "orientation_6.jpg"}) {
    const auto whole = content(name);
    EXPECT_EQ(message(whole), "") << name;
    // All pixels are there if only the checksum of PNG's end, its last four bytes, is missing.
    const auto end = whole.size() - (whole.substr(1, 3) == "PNG" ? 4 : 0);
    for (std::size_t size = 0; size < end; size += size < 12 || size + 8 > end ? 1 : size + 60 < end ? 43 : 5) {
      EXPECT_NE(message(whole.substr(0, size)), "") << name << " of " << size << " bytes";
    }
  }
}

TEST_F(BadPictures, ThatAreHugeAreRefusedByTheirHeader) {
  const auto header = "IHDR" + big(60000) + big(50000) + "\x08\x02\0\0\0"s;
  EXPECT_THAT(message("\x89PNG\r\n\x1A\n" + big(13) + header + big(0)),
              HasSubstr("its header announces 60000 x 50000 pixels; at most 178956970 pixels are read"));
}

TEST_F(BadPictures, MayBeSkipped) {
  put(content("rgb.png").substr(0, 100));
  folder_.write("b/3.gif", "GIF89a");
  fs::create_symlink("nowhere.png", folder_ / "b/broken.png");
  const auto skipping = options({{"on_bad_file", text("skip")}});
  for (const char* run : {"first", "second"}) {
    const OpenedDataset data("images", skipping);
    EXPECT_EQ(data.size(), 3u) << run;
    EXPECT_EQ(data.read<std::int64_t>(1, {0, 1, 2}), (std::vector<std::int64_t>{0, 1, 1}));
    EXPECT_THAT(data.log(), AllOf(HasSubstr("warning: skipped 3 bad files: "),
                                  HasSubstr((folder_ / "a/1.png").string() + ": damaged PNG: "),
                                  HasSubstr((folder_ / "b/broken.png").string() + ": this link is broken")));
  }
  put(content("rgb.png"));
  EXPECT_EQ(OpenedDataset("images", skipping).size(), 4u) << "the file has changed";
}

TEST_F(BadPictures, AreDecodedOnlyOnceToFindOut) {
  const auto skipping = options({{"on_bad_file", text("skip")}});
  EXPECT_EQ(OpenedDataset("images", skipping).size(), 4u);
  // With the same size and change time, the file is not looked at again: then reading it must fail.
  struct stat before {};
  const auto file = folder_ / "a/1.png";
  ASSERT_EQ(stat(file.c_str(), &before), 0);
  put(std::string(static_cast<std::size_t>(before.st_size), 'x'));
  const timespec times[] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
  const OpenedDataset data("images", skipping);
  EXPECT_EQ(data.size(), 4u);
  EXPECT_THROW(data.read<float>(0, {0}), PluginError) << "and not become another sample";
}

TEST_F(BadPictures, CannotBeAllThereAre) {
  for (const char* name : {"b/1.png", "b/2.png"}) folder_.write(name, "x");
  EXPECT_THAT(refusal("images", options({{"on_bad_file", text("skip")}}), BINADE_BAD_DATA),
              HasSubstr("no file of the class \"b\" is a usable picture: repair some, or remove the class"));
  for (const char* name : {"a/1.png", "a/2.png", "b/1.png", "b/2.png"}) folder_.write(name, "x");
  EXPECT_THAT(refusal("images", options({{"on_bad_file", text("skip")}}), BINADE_BAD_DATA),
              HasSubstr("no file of train is a usable picture"));
}

TEST_F(BadPictures, MayBeUnreadable) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read every file";
  fs::permissions(folder_ / "a/1.png", fs::perms::none);
  const OpenedDataset data("images", options());
  EXPECT_THROW(data.read<float>(0, {0}), PluginError);
}

TEST_F(BadPictures, MayBePipes) {
  fs::remove(folder_ / "a/1.png");
  ASSERT_EQ(mkfifo((folder_ / "a/1.png").c_str(), 0600), 0);
  EXPECT_THAT(refusal("images", options(), BINADE_BAD_DATA), HasSubstr("a/1.png: this is not a regular file"));
}

}  // namespace
}  // namespace binade::host
