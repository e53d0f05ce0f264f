// The cache of decoded and resized pictures.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "tests/plugins/netpbm.h"
#include "tests/plugins/opened_dataset.h"

namespace binade::host {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ImageCache : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto& [name, picture] : {std::pair("a/1.png", "rgb.png"),
                                        {"a/2.png", "gray.png"},
                                        {"b/1.jpg", "rgb.jpg"},
                                        {"b/2.webp", "lossy.webp"}}) {
      fs::create_directories((folder_ / name).parent_path());
      fs::copy_file(pictures() / picture, folder_ / name);
    }
    setenv("BINADE_CACHE", cache_.path().c_str(), 1);
  }
  void TearDown() override { unsetenv("BINADE_CACHE"); }

  GivenOptions options(bool cached, std::int64_t size = 8) const {
    return {
        {"path", text(folder_.path())}, {"size", square(size)}, {"cache", {Scalar(cached)}}, {"flip", {Scalar(true)}}};
  }
  std::vector<float> read(bool cached, std::int64_t size = 8) const {
    const OpenedDataset data("images", options(cached, size));
    EXPECT_EQ(data.log().find("warning"), std::string::npos) << data.log();
    return data.read<float>(0, {3, 0, 2, 1}, 5);
  }
  std::vector<fs::path> caches() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(cache_.path())) {
      if (entry.is_regular_file()) found.push_back(entry.path());
    }
    return found;
  }

  TemporaryFolder folder_, cache_;
};

TEST_F(ImageCache, GivesTheSamePixels) {
  EXPECT_EQ(read(true), read(false)) << "while it is made";
  ASSERT_EQ(caches().size(), 1u);
  EXPECT_EQ(read(true), read(false)) << "afterwards";
  EXPECT_EQ(read(true, 9), read(false, 9)) << "of another size";
  EXPECT_EQ(caches().size(), 2u);
}

TEST_F(ImageCache, IsUsed) {
  read(true);
  auto content = contents(caches().front());
  std::fill(content.end() - 4 * 3 * 64, content.end(), '\xFF');
  std::ofstream(caches().front(), std::ios::binary) << content;
  EXPECT_EQ(read(true), std::vector<float>(4 * 3 * 64, 1));
}

TEST_F(ImageCache, IsMadeAgainIfAFileChangesOrItIsDamaged) {
  read(true);
  fs::resize_file(caches().front(), fs::file_size(caches().front()) - 1);
  EXPECT_EQ(read(true), read(false)) << "truncated";
  std::ofstream(caches().front(), std::ios::binary) << "x";
  EXPECT_EQ(read(true), read(false)) << "overwritten";
  fs::remove(folder_ / "a/1.png");
  fs::copy_file(pictures() / "one_bit.png", folder_ / "a/1.png");
  EXPECT_EQ(read(true), read(false)) << "another picture";
}

TEST_F(ImageCache, IsNotNeeded) {
  const auto expected = read(false);
  setenv("BINADE_CACHE", "/dev/null", 1);
  const OpenedDataset data("images", options(true));
  EXPECT_THAT(data.log(), HasSubstr("warning: there is no cache folder, so pictures are not cached"));
  EXPECT_EQ(data.read<float>(0, {3, 0, 2, 1}, 5), expected);
}

TEST_F(ImageCache, IsMadeBySeveralAtOnce) {
  const auto expected = read(false);
  std::vector<std::vector<float>> found(4);
  std::vector<std::thread> threads;
  for (auto& one : found) threads.emplace_back([&] { one = read(true); });
  for (auto& thread : threads) thread.join();
  for (const auto& one : found) EXPECT_EQ(one, expected);
  EXPECT_EQ(caches().size(), 1u) << "no temporary files are left";
}

}  // namespace
}  // namespace binade::host
