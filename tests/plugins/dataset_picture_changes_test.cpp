// Augmentation of pictures, compared with what PIL makes (tests/plugins/pictures/make.py).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "plugins/datasets/image/randaugment.h"
#include "plugins/datasets/image/random_box.h"
#include "tests/plugins/netpbm.h"
#include "tests/plugins/opened_dataset.h"

namespace binade::host {
namespace {

std::vector<Scalar> numbers(std::initializer_list<double> values) { return {values.begin(), values.end()}; }
std::vector<Scalar> integers(std::initializer_list<std::int64_t> values) { return {values.begin(), values.end()}; }
std::vector<Scalar> yes() { return {Scalar(true)}; }

Picture golden(const std::string& file, const std::string& name) { return read_netpbm(pictures() / file).at(name); }

// Opens RandAugment with [1, 9] without a host.
RandAugment randaugment() {
  static const binade_options options{
      sizeof(binade_options), 0, [](const binade_options*, binade_string) -> std::uint64_t { return 2; },
      [](const binade_options*, binade_string, std::uint64_t index, binade_value* out) -> std::int32_t {
        out->type = BINADE_TYPE_INTEGER;
        out->integer = index == 0 ? 1 : 9;
        return BINADE_OK;
      }};
  return RandAugment(binade::Options(&options));
}

TEST(PictureChanges, AreThoseOfPil) {
  const auto source = golden("decoded.ppm", "rgb.png RGB");
  const auto augment = randaugment();
  for (const auto& [name, expected] : read_netpbm(pictures() / "changed.ppm")) {
    auto picture = source;
    const auto argument = std::stod(name.substr(name.find_last_of(' ') == name.npos ? 0 : name.find(' ')) == " contrast"
                                        ? "0"
                                        : name.substr(name.find(' ')));
    if (name.compare(0, 3, "hue") == 0) {
      colour::hue(picture, argument);
    } else if (name.compare(0, 6, "rotate") == 0) {
      picture = rotated(picture, argument);
    } else if (name == "gray contrast") {
      picture = golden("decoded.ppm", "gray.png L");
      colour::contrast(picture, 1.7);
    } else {
      const int operation = std::stoi(name);
      if (operation == 12) {
        for (std::size_t i = 0; i < picture.size(); ++i) picture.data()[i] = picture.data()[i] / 2 + 30;
      }
      augment.perform(picture, operation, argument);
    }
    EXPECT_EQ(difference(picture, expected), 0) << name;
  }
}

TEST(PictureChanges, DrawBoxesWithinThePicture) {
  const RandomErasing erasing(1);
  std::set<int> heights;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    Random random(1, 2, i);
    const auto box = erasing.draw({20, 30}, random);
    if (!box) continue;
    heights.insert(box->extent.height);
    EXPECT_GE(box->top, 0);
    EXPECT_LE(box->top + box->extent.height, 20);
    EXPECT_LE(box->left + box->extent.width, 30);
    const double area = box->extent.height * box->extent.width / 600.0, half_a_pixel = 0.06;
    EXPECT_GE(area, 0.02 - half_a_pixel);
    EXPECT_LE(area, 0.33 + half_a_pixel);
  }
  EXPECT_GT(heights.size(), 12u);
}

class AugmentedPictures : public testing::Test {
 protected:
  OpenedDataset open(GivenOptions more) const {
    const auto list = folder_.write("list.csv", "rgb.png,0\nrgb.png,1\n");
    more.insert({{"list", text(list)},
                 {"path", text(pictures().string())},
                 {"mean", numbers({0})},
                 {"std", numbers({1.0 / 255})}});
    return OpenedDataset("images", more);
  }
  TemporaryFolder folder_;
};

TEST_F(AugmentedPictures, DependOnSeedEpochAndIndexOnly) {
  const GivenOptions all{{"random_resized_crop", yes()},
                         {"size", square(12)},
                         {"flip", yes()},
                         {"vertical_flip", yes()},
                         {"rotation", {Scalar(20.0)}},
                         {"color_jitter", numbers({0.4, 0.4, 0.4, 0.1})},
                         {"randaugment", integers({2, 9})},
                         {"random_erasing", {Scalar(0.5)}}};
  const auto one = open(all), other = open(all);
  std::set<std::vector<float>> seen;
  for (std::uint64_t epoch = 0; epoch < 30; ++epoch) {
    const auto pixels = one.read<float>(0, {0, 1}, epoch);
    seen.insert(pixels);
    EXPECT_EQ(pixels, other.read<float>(0, {0, 1}, epoch));
    EXPECT_EQ(one.read_from<float>("train", 0, {0}, false, epoch), one.read_from<float>("train", 0, {0}));
  }
  EXPECT_EQ(seen.size(), 30u);
}

TEST_F(AugmentedPictures, ChangeWithEachOptionByItself) {
  const GivenOptions size{{"size", square(16)}};
  const auto plain = open(size).read<float>(0, {0});
  for (const auto& [name, value] : GivenOptions{{"random_resized_crop", yes()},
                                                {"flip", yes()},
                                                {"vertical_flip", yes()},
                                                {"rotation", {Scalar(20.0)}},
                                                {"crop_padding", integer(3)},
                                                {"color_jitter", numbers({0, 0, 0, 0.3})},
                                                {"randaugment", integers({1, 9})},
                                                {"random_erasing", {Scalar(1.0)}}}) {
    auto options = size;
    options[name] = value;
    const auto data = open(options);
    std::set<std::vector<float>> seen;
    for (std::uint64_t epoch = 0; epoch < 20; ++epoch) seen.insert(data.read<float>(0, {0}, epoch));
    EXPECT_GT(seen.size(), 1u) << name;
    EXPECT_EQ(data.read_from<float>("train", 0, {0}), plain) << name << " in evaluation";
  }
}

TEST_F(AugmentedPictures, EraseToTheMean) {
  const auto data = open({{"random_erasing", {Scalar(1.0)}}, {"size", square(16)}});
  const auto plain = data.read_from<float>("train", 0, {0});
  const auto erased = data.read<float>(0, {0}, 3);
  int changed = 0;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    if (erased[i] == plain[i]) continue;
    EXPECT_EQ(erased[i], 0);
    ++changed;
  }
  EXPECT_GT(changed, 3 * 256 / 60);
}

TEST_F(AugmentedPictures, TurnOverAndMirror) {
  const auto data = open({{"vertical_flip", yes()}, {"size", integers({2, 1})}});
  const auto plain = data.read_from<float>("train", 0, {0});
  std::set<std::vector<float>> seen;
  for (std::uint64_t epoch = 0; epoch < 20; ++epoch) seen.insert(data.read<float>(0, {0}, epoch));
  EXPECT_THAT(seen, testing::UnorderedElementsAre(
                        plain, std::vector<float>{plain[1], plain[0], plain[3], plain[2], plain[5], plain[4]}));
}

}  // namespace
}  // namespace binade::host
