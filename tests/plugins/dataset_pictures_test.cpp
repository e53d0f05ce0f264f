// Pictures of every kind, compared with what PIL reads (tests/plugins/pictures/make.py).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "tests/plugins/netpbm.h"
#include "tests/plugins/opened_dataset.h"

namespace binade::host {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Pictures : public testing::Test {
 protected:
  // Two samples of a picture, so that one of them is left for training. Pixels from 0 to 255.
  GivenOptions twice(const std::string& name, GivenOptions more = {}) const {
    const auto list = folder_.write("list.csv", name + ",0\n" + name + ",1\n");
    more.insert({{"list", text(list)},
                 {"path", text(pictures().string())},
                 {"mean", {Scalar(0.0)}},
                 {"std", {Scalar(1.0 / 255)}}});
    return more;
  }
  static Picture read(const GivenOptions& options) {
    const OpenedDataset data("images", options);
    const auto& shape = data.dataset().fields()[0].shape;
    Picture picture(static_cast<int>(shape[0]), {static_cast<int>(shape[1]), static_cast<int>(shape[2])});
    const auto values = data.read_from<float>("train", 0, {0});
    std::transform(values.begin(), values.end(), picture.data(),
                   [](float value) { return static_cast<unsigned char>(std::lround(value)); });
    return picture;
  }

  TemporaryFolder folder_;
};

// Lossless formats are equal. PIL brings its own libjpeg and libwebp, which may round differently: by 2 levels for JPEG
// and lossy WebP.
int tolerance(const std::string& name) {
  const bool lossy = name.find(".jpg") != std::string::npos || name.find("lossy") != std::string::npos;
  return lossy ? 2 : 0;
}

TEST_F(Pictures, AreReadAsByPil) {
  const auto expected = read_netpbm(pictures() / "decoded.ppm");
  EXPECT_EQ(expected.size(), 56u);
  for (const auto& [name, picture] : expected) {
    const auto space = name.find(' ');
    const auto mode = name.substr(space) == " RGB" ? "rgb" : "gray";
    const auto found = read(twice(name.substr(0, space), {{"color", text(mode)}}));
    EXPECT_LE(difference(found, picture), tolerance(name)) << name;
  }
}

// Pillow 13 resizes columns before rows where that takes less time, and then rounds at another place.
TEST_F(Pictures, AreResizedAsByPil) {
  for (const auto& [name, picture] : read_netpbm(pictures() / "resized.ppm")) {
    const auto size = {Scalar(std::int64_t{picture.height()}), Scalar(std::int64_t{picture.width()})};
    const int most = name == "64 3" ? 1 : 0;
    EXPECT_LE(difference(read(twice("rgb.png", {{"size", size}})), picture), most) << name;
  }
}

TEST_F(Pictures, AreTheSameOnEveryThread) {
  std::string list;
  std::vector<std::uint64_t> indices;
  for (const auto& entry : fs::directory_iterator(pictures())) {
    const auto name = entry.path().filename().string(), extension = entry.path().extension().string();
    if (extension == ".py" || extension == ".ppm" || name.find("animated") != std::string::npos) continue;
    list += name + "," + std::to_string(indices.size() % 2) + "\n";
    indices.push_back(indices.size());
  }
  const OpenedDataset data("images", {{"list", text(folder_.write("list.csv", list))},
                                      {"path", text(pictures().string())},
                                      {"size", square(20)},
                                      {"color_jitter", {Scalar(0.5), Scalar(0.5), Scalar(0.5), Scalar(0.2)}},
                                      {"rotation", {Scalar(30.0)}}});
  const auto expected = data.read<float>(0, indices, 1);
  std::vector<std::vector<float>> found(4);
  std::vector<std::thread> threads;
  for (auto& one : found) threads.emplace_back([&] { one = data.read<float>(0, indices, 1); });
  for (auto& thread : threads) thread.join();
  for (const auto& one : found) EXPECT_EQ(one, expected);
}

TEST_F(Pictures, AreResizedByTheShorterSideAndCropped) {
  const auto whole = read(twice("rgb.png", {{"resize", integer(9)}}));
  EXPECT_EQ(whole.extent().text(), "12 x 9") << "23 x 17 before";
  const auto middle = read(twice("rgb.png", {{"resize", integer(9)}, {"center_crop", square(5)}}));
  ASSERT_EQ(middle.extent().text(), "5 x 5");
  for (int y = 0; y < 5; ++y) {
    // (12 - 5) / 2 = 3.5 is rounded to even, 4.
    for (int x = 0; x < 5; ++x) EXPECT_EQ(middle.row(1, y)[x], whole.row(1, y + 2)[x + 4]);
  }
}

TEST_F(Pictures, OfSeveralSizesNeedOptionsThatMakeThemAlike) {
  const auto list = folder_.write("list.csv", "rgb.png,0\norientation_6.png,1\nrgb.png,0\n");
  const auto options = [&](GivenOptions more) {
    more.insert({{"list", text(list)}, {"path", text(pictures().string())}});
    return more;
  };
  EXPECT_THAT(refusal("images", options({}), BINADE_BAD_DATA),
              HasSubstr((pictures() / "orientation_6.png").string() + ": this picture is 17 x 23, but " +
                        (pictures() / "rgb.png").string() + " is 23 x 17 (width x height, after `resize`): all must " +
                        "have one size: set size = [height, width], or `resize` and `center_crop`"));
  EXPECT_THAT(refusal("images", options({{"resize", integer(8)}}), BINADE_BAD_DATA),
              HasSubstr("this picture is 8 x 10, but"));
  EXPECT_EQ(OpenedDataset("images", options({{"resize", integer(8)}, {"center_crop", square(8)}})).size(), 3u);
  EXPECT_EQ(OpenedDataset("images", options({{"size", square(8)}})).size(), 3u);
}

TEST_F(Pictures, MustBeLargeEnoughForTheCrop) {
  const OpenedDataset data("images", twice("rgb.png", {{"center_crop", square(20)}}));
  try {
    data.read<float>(0, {0});
    FAIL();
  } catch (const PluginError& error) {
    EXPECT_THAT(error.what(), HasSubstr((pictures() / "rgb.png").string() +
                                        ": a picture of 23 x 17 is smaller than `center_crop`, 20 x 20: set `resize`"));
  }
}

TEST_F(Pictures, RefuseOptionsThatContradictEachOther) {
  const auto refused = [&](const GivenOptions& more) {
    return refusal("images", twice("rgb.png", more), BINADE_INVALID_ARGUMENT);
  };
  const auto numbers = [](std::initializer_list<double> values) {
    return std::vector<Scalar>(values.begin(), values.end());
  };
  EXPECT_THAT(refused({{"size", square(8)}, {"resize", integer(8)}}), HasSubstr("exclude each other"));
  EXPECT_THAT(refused({{"resize", integer(8)}, {"center_crop", square(9)}}), HasSubstr("`center_crop` is larger"));
  EXPECT_THAT(refused({{"size", square(0)}}), HasSubstr("`size` needs [height, width]"));
  EXPECT_THAT(refused({{"crop_scale", numbers({0.1, 0.5})}}), HasSubstr("random_resized_crop = true"));
  EXPECT_THAT(refused({{"random_resized_crop", {Scalar(true)}}, {"crop_scale", numbers({0.5, 0.1})}}),
              HasSubstr("`crop_scale` needs two numbers above 0, the smaller one first"));
  EXPECT_THAT(refused({{"color_jitter", numbers({0.1, 0.1, 0.1, 0.6})}}), HasSubstr("fourth number, must be <= 0.5"));
  EXPECT_THAT(refused({{"randaugment", integer(2)}}), HasSubstr("`randaugment` needs two numbers"));
  EXPECT_THAT(refused({{"random_resized_crop", {Scalar(true)}}, {"cache", {Scalar(true)}}, {"size", square(8)}}),
              HasSubstr("`random_resized_crop` needs whole ones"));
  EXPECT_THAT(refused({{"classes", integer(3)}}), HasSubstr("`classes` is 3, but there are 2 classes: 0 = 0, 1 = 1"));
  EXPECT_THAT(refused({{"images", text("x")}}), HasSubstr("`images` does not belong to format = \"list\""));
}

}  // namespace
}  // namespace binade::host
