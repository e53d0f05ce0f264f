// The images dataset: formats, scaling, augmentation, and its error messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "tests/plugins/opened_dataset.h"

namespace binade::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Floats = std::vector<float>;
using Labels = std::vector<std::int64_t>;

std::string big(std::uint32_t number) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(number >> shift);
  return text;
}
std::string bytes(const std::vector<int>& values) { return {values.begin(), values.end()}; }

// IDX files of images with two rows and three columns.
std::string idx_images(const std::vector<int>& pixels) {
  return big(0x803) + big(static_cast<std::uint32_t>(pixels.size()) / 6) + big(2) + big(3) + bytes(pixels);
}
std::string idx_labels(const std::vector<int>& labels) {
  return big(0x801) + big(static_cast<std::uint32_t>(labels.size())) + bytes(labels);
}
// A CIFAR record: its labels, then three planes of one shade each, but for the first pixel of the first row: 255.
std::string record(const std::vector<int>& labels, int red, int green, int blue) {
  std::string text = bytes(labels);
  for (const int shade : {red, green, blue}) text += '\xFF' + std::string(1023, static_cast<char>(shade));
  return text;
}

// A gzip file that stores the content as it is.
std::string gzipped(const std::string& content) {
  std::uint32_t checksum = ~0U;
  for (const char c : content) {
    checksum ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) checksum = checksum >> 1 ^ (checksum & 1 ? 0xEDB88320U : 0);
  }
  const auto little = [](std::uint32_t number, int size) {
    std::string text;
    for (int i = 0; i < size; ++i) text += static_cast<char>(number >> 8 * i);
    return text;
  };
  const auto size = static_cast<std::uint32_t>(content.size());
  return std::string("\x1F\x8B\x08\0\0\0\0\0\0\xFF\x01", 11) + little(size, 2) + little(~size, 2) + content +
         little(~checksum, 4) + little(size, 4);
}

// Pixels from 0 to 255, unless `more` sets other options.
GivenOptions plain(GivenOptions more) {
  more.insert({{"mean", {Scalar(0.0)}}, {"std", {Scalar(1.0 / 255)}}});
  return more;
}
Floats rounded(Floats values) {
  for (auto& value : values) value = std::round(value);
  return values;
}

class ImagesDataset : public testing::Test {
 protected:
  GivenOptions idx(const std::string& images, const std::string& labels, GivenOptions more = {}) const {
    more.insert({{"format", text("idx")},
                 {"images", text(folder_.write("images", images))},
                 {"labels", text(folder_.write("labels", labels))}});
    return more;
  }
  // Two images, and their labels.
  GivenOptions pair(GivenOptions more = {}) const {
    return idx(idx_images({1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 255}), idx_labels({2, 0}), std::move(more));
  }
  GivenOptions cifar(const std::string& format, const std::string& content, GivenOptions more = {}) const {
    more.insert({{"format", text(format)}, {"paths", text(folder_.write("train.bin", content))}});
    return more;
  }
  std::string file(const std::string& name) const { return (folder_.path() / name).string(); }

  TemporaryFolder folder_;
};

TEST_F(ImagesDataset, ReadsIdxFiles) {
  const OpenedDataset data("images", plain(pair()));
  EXPECT_EQ(data.size(), 2u);
  EXPECT_EQ(rounded(data.read<float>(0, {1, 0})), (Floats{10, 20, 30, 40, 50, 255, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(data.read<std::int64_t>(1, {0, 1}), (Labels{2, 0}));
  EXPECT_EQ(data.dataset().fields()[0].name, "image");
  EXPECT_THAT(data.dataset().fields()[0].shape, ElementsAre(1, 2, 3));
  const auto fact = [&](const char* name) { return std::get<std::int64_t>(data.fact(name)); };
  EXPECT_THAT((Labels{fact("classes"), fact("features"), fact("channels"), fact("height"), fact("width")}),
              ElementsAre(3, 6, 1, 2, 3));
  EXPECT_EQ(std::get<std::string>(data.fact("loss")), "cross_entropy");
  EXPECT_EQ(std::get<std::string>(data.fact("target")), "label");
  EXPECT_EQ(data.log(), "info: 2 images, 1 x 2 x 3, 3 classes\n");
}

TEST_F(ImagesDataset, ReadsCifarFiles) {
  const auto content = record({3}, 1, 2, 3) + record({9}, 4, 5, 6);
  folder_.write("train_2.bin", record({7}, 7, 8, 9));
  auto options = plain(cifar("cifar10", content));
  options["paths"] = {Scalar(file("train.bin")), Scalar(file("train_?.bin"))};
  const OpenedDataset data("images", options);
  EXPECT_EQ(data.size(), 3u);
  EXPECT_THAT(data.dataset().fields()[0].shape, ElementsAre(3, 32, 32));
  EXPECT_EQ(std::get<std::int64_t>(data.fact("classes")), 10);
  EXPECT_EQ(data.read<std::int64_t>(1, {0, 1, 2}), (Labels{3, 9, 7}));
  const auto pixels = rounded(data.read<float>(0, {1, 2}));
  EXPECT_THAT((Floats{pixels[0], pixels[1], pixels[1024], pixels[1025], pixels[3071]}), ElementsAre(255, 4, 255, 5, 6));
  EXPECT_THAT((Floats{pixels[3072], pixels[3073], pixels[6143]}), ElementsAre(255, 7, 9));
}

TEST_F(ImagesDataset, TakesTheFineLabelOfCifar100) {
  const OpenedDataset data("images", plain(cifar("cifar100", record({19, 99}, 1, 2, 3) + record({0, 41}, 4, 5, 6))));
  EXPECT_EQ(data.read<std::int64_t>(1, {0, 1}), (Labels{99, 41}));
  EXPECT_EQ(rounded(data.read<float>(0, {1}))[1], 4);
  EXPECT_EQ(std::get<std::int64_t>(data.fact("classes")), 100);
}

TEST_F(ImagesDataset, UnpacksGzip) {
  const auto images = idx_images({1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 255}), labels = idx_labels({2, 0});
  const OpenedDataset data("images", plain(idx(gzipped(images), gzipped(labels))));
  EXPECT_EQ(rounded(data.read<float>(0, {0})), (Floats{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(data.read<std::int64_t>(1, {0, 1}), (Labels{2, 0}));
  const OpenedDataset parts("images", plain(idx(gzipped(images.substr(0, 9)) + gzipped(images.substr(9)), labels)));
  EXPECT_EQ(rounded(parts.read<float>(0, {0})), (Floats{1, 2, 3, 4, 5, 6})) << "of two members";
  const auto refused = [&](std::string packed) {
    return refusal("images", idx(std::move(packed), labels), BINADE_BAD_DATA);
  };
  EXPECT_THAT(refused(gzipped(images).substr(0, 30)), HasSubstr(file("images") + ": damaged gzip file: it is trunc"));
  auto damaged = gzipped(images);
  damaged[30] ^= 1;
  EXPECT_THAT(refused(damaged), HasSubstr("damaged gzip file: incorrect data check"));
  EXPECT_THAT(refused(gzipped(images) + "x"), HasSubstr("damaged gzip file: "));
}

TEST_F(ImagesDataset, FindsTheFormatOut) {
  auto options = pair();
  options.erase("format");
  EXPECT_EQ(OpenedDataset("images", options).size(), 2u);
  for (const auto& [content, classes] : {std::pair(record({3}, 1, 2, 3), 10), {record({19, 99}, 1, 2, 3), 100}}) {
    auto cifar_options = cifar("cifar10", content + content);
    cifar_options.erase("format");
    const OpenedDataset data("images", cifar_options);
    EXPECT_EQ(std::get<std::int64_t>(data.fact("classes")), classes);
    EXPECT_EQ(data.size(), 2u);
  }
  auto unknown = cifar("cifar10", "x");
  unknown.erase("format");
  EXPECT_THAT(refusal("images", unknown, BINADE_BAD_DATA),
              HasSubstr("its size does not tell whether it is CIFAR-10 or CIFAR-100, binary version: set `format`"));
  const auto labels_alone = GivenOptions{{"labels", text("x")}};
  EXPECT_THAT(refusal("images", labels_alone, BINADE_INVALID_ARGUMENT), HasSubstr("no images are named"));
}

TEST_F(ImagesDataset, ConvertsAndResizes) {
  const OpenedDataset data("images", plain(pair({{"color", text("rgb")}, {"size", square(2)}})));
  EXPECT_THAT(data.dataset().fields()[0].shape, ElementsAre(3, 2, 2));
  EXPECT_EQ(rounded(data.read<float>(0, {0})), (Floats{1, 3, 4, 6, 1, 3, 4, 6, 1, 3, 4, 6}));
}

TEST_F(ImagesDataset, ValidatesOnFilesOfTheirOwn) {
  const std::string images = folder_.write("t10k", idx_images({9, 9, 9, 9, 9, 9}));
  const std::string labels = folder_.write("t10k-labels", idx_labels({1}));
  const OpenedDataset data("images",
                           plain(pair({{"validation_images", text(images)}, {"validation_labels", text(labels)}})));
  EXPECT_EQ(data.dataset().split("train").size, 2u);
  EXPECT_EQ(data.dataset().split("validation").size, 1u);
  EXPECT_EQ(rounded(data.read_from<float>("validation", 0, {0})), Floats(6, 9));
  EXPECT_EQ(data.read_from<std::int64_t>("validation", 1, {0}), (Labels{1}));

  const std::string test = folder_.write("test.bin", record({5}, 1, 1, 1));
  const OpenedDataset other("images", cifar("cifar10", record({1}, 0, 0, 0), {{"validation_paths", text(test)}}));
  EXPECT_EQ(other.read_from<std::int64_t>("validation", 1, {0}), (Labels{5}));
}

TEST_F(ImagesDataset, ScalesPixelsToBetweenMinusOneAndOne) {
  const OpenedDataset data("images", idx(idx_images({0, 255, 51, 0, 0, 0, 0, 0, 0, 0, 0, 0}), idx_labels({0, 1})));
  const auto pixels = data.read<float>(0, {0});
  EXPECT_FLOAT_EQ(pixels[0], -1);
  EXPECT_FLOAT_EQ(pixels[1], 1);
  EXPECT_FLOAT_EQ(pixels[2], -0.6F);
}

TEST_F(ImagesDataset, NormalizesEachChannelByItsOwnNumbers) {
  const auto options =
      cifar("cifar10", record({3}, 255, 51, 0) + record({3}, 255, 51, 0),
            {{"mean", {Scalar(0.5), Scalar(0.1), Scalar(0.0)}}, {"std", {Scalar(0.25), Scalar(0.2), Scalar(1.0)}}});
  const auto pixels = OpenedDataset("images", options).read<float>(0, {0});
  EXPECT_FLOAT_EQ(pixels[1], 2);
  EXPECT_FLOAT_EQ(pixels[1025], 0.5);
  EXPECT_FLOAT_EQ(pixels[2049], 0);
}

TEST_F(ImagesDataset, MeasuresMeanAndDeviationOfTheTrainingSamples) {
  const OpenedDataset data("images", pair({{"normalize", {Scalar(true)}}}));
  const auto& train = data.dataset().split("train");
  ASSERT_EQ(train.size, 1u) << "the other image is held back";
  const auto pixels = data.read<float>(0, {train.index(0)});
  double sum = 0, squares = 0;
  for (const double pixel : pixels) {
    sum += pixel;
    squares += pixel * pixel;
  }
  EXPECT_NEAR(sum / 6, 0, 1e-6);
  EXPECT_NEAR(squares / 6, 1, 1e-5);
  EXPECT_THAT(data.log(), HasSubstr("mean and std of the training samples: 0."));
}

TEST_F(ImagesDataset, LearnsNothingFromTheSamplesThatAreHeldBack) {
  std::vector<int> pixels(60), labels(10);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<int>(i * 37 % 256);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<int>(i % 2);
  const GivenOptions normalize{{"normalize", {Scalar(true)}}};
  const OpenedDataset before("images", idx(idx_images(pixels), idx_labels(labels), normalize));
  const auto& held_back = before.dataset().split("validation");
  ASSERT_EQ(held_back.size, 2u);
  for (std::uint64_t position = 0; position < held_back.size; ++position) {
    std::fill_n(pixels.begin() + static_cast<std::ptrdiff_t>(held_back.index(position) * 6), 6, 255);
  }
  const OpenedDataset after("images", idx(idx_images(pixels), idx_labels(labels), normalize));
  const auto& train = after.dataset().split("train");
  for (std::uint64_t position = 0; position < train.size; ++position) {
    const auto index = train.index(position);
    EXPECT_EQ(before.read<float>(0, {index}), after.read<float>(0, {index}));
  }
}

TEST_F(ImagesDataset, StratifiesByLabel) {
  std::vector<int> labels(20);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = i < 15 ? 0 : 1;
  const auto options = idx(idx_images(std::vector<int>(120, 1)), idx_labels(labels));
  const OpenedPlugin plugin("images");
  const auto held_back = [&](const std::string& column) {
    SplitSettings settings;
    settings.stratify = column;
    const Dataset data(plugin.plugin(), plugin.options(options), settings);
    const auto& validation = data.split("validation");
    std::vector<int> found;
    for (std::uint64_t position = 0; position < validation.size; ++position) {
      found.push_back(labels[validation.index(position)]);
    }
    return found;
  };
  EXPECT_THAT(held_back(""), testing::UnorderedElementsAre(0, 0, 0, 1));
  EXPECT_EQ(held_back(""), held_back("label"));
  try {
    held_back("patient");
    FAIL();
  } catch (const PluginError& error) {
    EXPECT_THAT(error.what(), HasSubstr("these images have no column `patient`: only `label`"));
  }
}

TEST_F(ImagesDataset, MakesPixelsThatAreAllAlikeZero) {
  // The mean of twelve times 11 / 255 differs from 11 / 255 in the last bit.
  for (const int shade : {11, 52, 3, 0}) {
    const std::vector<int> pixels(12, shade);
    const OpenedDataset alike("images", idx(idx_images(pixels), idx_labels({0, 1}), {{"normalize", {Scalar(true)}}}));
    for (const float pixel : alike.read<float>(0, {0, 1})) EXPECT_NEAR(pixel, 0, 1e-6) << shade;
  }
}

TEST_F(ImagesDataset, SaysThatEveryLabelIsTheSame) {
  EXPECT_THAT(OpenedDataset("images", idx(idx_images(std::vector<int>(12, 1)), idx_labels({1, 1}))).log(),
              HasSubstr("warning: every training image has the label 1"));
  EXPECT_THAT(OpenedDataset("images", pair()).log(), testing::Not(HasSubstr("warning")));
}

TEST_F(ImagesDataset, FlipsAboutEveryOtherImageWhileTraining) {
  const OpenedDataset data("images", plain(pair({{"flip", {Scalar(true)}}})));
  int flipped = 0;
  for (std::uint64_t epoch = 0; epoch < 200; ++epoch) {
    const auto pixels = rounded(data.read<float>(0, {0}, epoch));
    if (pixels != Floats{1, 2, 3, 4, 5, 6}) {
      EXPECT_EQ(pixels, (Floats{3, 2, 1, 6, 5, 4}));
      ++flipped;
    }
  }
  EXPECT_NEAR(flipped, 100, 30);
  for (std::uint64_t epoch = 0; epoch < 20; ++epoch) {
    EXPECT_EQ(rounded(data.read_from<float>("train", 0, {0}, false, epoch)), (Floats{1, 2, 3, 4, 5, 6}));
  }
}

TEST_F(ImagesDataset, MovesImagesAndFillsWithBlackWhileTraining) {
  const OpenedDataset data("images", plain(pair({{"crop_padding", integer(1)}})));
  std::set<Floats> seen;
  for (std::uint64_t epoch = 0; epoch < 200; ++epoch) seen.insert(rounded(data.read<float>(0, {0}, epoch)));
  EXPECT_EQ(seen.size(), 9u);
  EXPECT_TRUE(seen.count({1, 2, 3, 4, 5, 6}));
  EXPECT_TRUE(seen.count({5, 6, 0, 0, 0, 0})) << "one down, one to the right";
  EXPECT_TRUE(seen.count({0, 0, 0, 0, 1, 2})) << "one up, one to the left";
  EXPECT_EQ(rounded(data.read_from<float>("train", 0, {0}, false, 3)), (Floats{1, 2, 3, 4, 5, 6}));
}

// Image 0 of pair() shifted by `down` and `right`, black outside, then mirrored.
Floats moved(std::int64_t down, std::int64_t right, bool mirror) {
  Floats pixels;
  for (std::int64_t row = 0; row < 2; ++row) {
    for (std::int64_t column = 0; column < 3; ++column) {
      const auto y = row + down, x = (mirror ? 2 - column : column) + right;
      const bool inside = y >= 0 && y < 2 && x >= 0 && x < 3;
      pixels.push_back(inside ? static_cast<float>(y * 3 + x + 1) : 0);
    }
  }
  return pixels;
}

TEST_F(ImagesDataset, MovesThenMirrorsAlsoByMoreThanTheImageIsWide) {
  constexpr std::int64_t padding = 4;
  const OpenedDataset data("images", plain(pair({{"flip", {Scalar(true)}}, {"crop_padding", integer(padding)}})));
  std::set<Floats> seen, expected;
  for (std::uint64_t epoch = 0; epoch < 5000; ++epoch) seen.insert(rounded(data.read<float>(0, {0}, epoch)));
  for (std::int64_t down = -padding; down <= padding; ++down) {
    for (std::int64_t right = -padding; right <= padding; ++right) {
      for (const bool mirror : {false, true}) expected.insert(moved(down, right, mirror));
    }
  }
  EXPECT_EQ(seen, expected);
}

TEST_F(ImagesDataset, FillsWithTheShadeThatBlackHas) {
  const OpenedDataset data("images", pair({{"crop_padding", integer(2)}}));
  Floats all;
  for (std::uint64_t epoch = 0; epoch < 20; ++epoch) {
    const auto pixels = data.read<float>(0, {0}, epoch);
    all.insert(all.end(), pixels.begin(), pixels.end());
  }
  EXPECT_FLOAT_EQ(*std::min_element(all.begin(), all.end()), -1);
}

TEST_F(ImagesDataset, RepeatsItsAugmentation) {
  const auto options = plain(pair({{"flip", {Scalar(true)}}, {"crop_padding", integer(2)}}));
  const OpenedDataset one("images", options), two("images", options);
  for (std::uint64_t epoch = 0; epoch < 20; ++epoch) {
    EXPECT_EQ(one.read<float>(0, {0, 1}, epoch), two.read<float>(0, {0, 1}, epoch));
  }
}

TEST_F(ImagesDataset, SaysWhatAnIdxFileHasInstead) {
  const auto refused = [&](const std::string& images, const std::string& labels) {
    return refusal("images", idx(images, labels), BINADE_BAD_DATA);
  };
  const auto images = idx_images({1, 2, 3, 4, 5, 6}), labels = idx_labels({0});
  EXPECT_THAT(refused("\x1F\x8B\x08", labels), HasSubstr(file("images") + ": damaged gzip file: it is truncated"));
  EXPECT_THAT(refused(labels + "12345678", labels), HasSubstr("the file begins with the number 2049; IDX with images "
                                                              "begins with 2051: this file holds labels; were two"));
  EXPECT_THAT(refused(images, big(7) + big(1) + "x"),
              HasSubstr(file("labels") + ": the file begins with the number 7; IDX with labels begins with 2049"));
  EXPECT_THAT(refused("IDX", labels), HasSubstr("3 bytes; a header of 16 bytes was expected (IDX, images)"));
  EXPECT_THAT(refused(images.substr(0, 20), labels),
              HasSubstr("announces 1 images, so 6 bytes after it; there are 4: the file is truncated"));
  EXPECT_THAT(refused(images, labels + "x"), HasSubstr("announces 1 labels, so 1 bytes after it; there are 2"));
  EXPECT_THAT(refused(images, idx_labels({0, 1})),
              HasSubstr(file("labels") + ": 2 labels; " + file("images") + " has 1 images: are they a pair?"));
  EXPECT_THAT(refused(big(0x803) + big(1) + big(0) + big(3), labels), HasSubstr("images have 0 rows"));
  EXPECT_THAT(refused(idx_images({}), idx_labels({})), HasSubstr("there are no images"));
}

TEST_F(ImagesDataset, SaysWhatACifarFileHasInstead) {
  EXPECT_THAT(refusal("images", cifar("cifar10", record({1}, 1, 2, 3) + "x"), BINADE_BAD_DATA),
              HasSubstr(file("train.bin") + ": 3074 bytes; records of 3073 bytes were expected (CIFAR-10, binary"));
  EXPECT_THAT(refusal("images", cifar("cifar100", record({1}, 1, 2, 3)), BINADE_BAD_DATA),
              HasSubstr("3073 bytes; records of 3074 bytes were expected (CIFAR-100"));
  auto options = cifar("cifar10", "");
  options["paths"] = {Scalar(folder_.path().string())};
  EXPECT_THAT(refusal("images", options, BINADE_NOT_FOUND), HasSubstr("name files, or a glob such as data_batch_*"));
}

TEST_F(ImagesDataset, NamesTheSampleWhoseLabelIsTooLarge) {
  EXPECT_THAT(
      refusal("images", pair({{"classes", integer(2)}}), BINADE_BAD_DATA),
      HasSubstr(file("labels") + ": sample 0 (from 0) has the label 2; with 2 classes it must be less than that"));
  EXPECT_THAT(refusal("images", cifar("cifar10", record({1}, 1, 2, 3) + record({10}, 1, 2, 3)), BINADE_BAD_DATA),
              HasSubstr(file("train.bin") + ": sample 1 (from 0) has the label 10"));
  const std::string images = folder_.write("t10k", idx_images({9, 9, 9, 9, 9, 9}));
  const std::string labels = folder_.write("t10k-labels", idx_labels({3}));
  const auto validated = pair({{"validation_images", text(images)}, {"validation_labels", text(labels)}});
  EXPECT_THAT(refusal("images", validated, BINADE_BAD_DATA), HasSubstr(labels + ": sample 0 (from 0) has the label 3"));
}

TEST_F(ImagesDataset, RefusesOptionsThatDoNotGoTogether) {
  const auto refused = [](const GivenOptions& options) { return refusal("images", options, BINADE_INVALID_ARGUMENT); };
  EXPECT_THAT(refused({{"format", text("idx")}}), HasSubstr("format = \"idx\" needs `images`"));
  EXPECT_THAT(refused({{"format", text("cifar100")}}), HasSubstr("format = \"cifar100\" needs `paths`"));
  EXPECT_THAT(refused(pair({{"paths", text("x")}})), HasSubstr("`paths` does not belong to format = \"idx\""));
  EXPECT_THAT(refused(pair({{"validation_images", text("x")}})), HasSubstr("belong together"));
  EXPECT_THAT(refused(pair({{"mean", {Scalar(0.1), Scalar(0.2)}}})),
              HasSubstr("`mean` has 2 numbers; the images have 1 channel"));
  EXPECT_THAT(refused(pair({{"std", {Scalar(0.0)}}})), HasSubstr("`std` must be above 0"));
  EXPECT_THAT(refused(pair({{"std", {Scalar(0.5)}}, {"normalize", {Scalar(true)}}})),
              HasSubstr("`normalize` computes `mean` and `std`"));
}

TEST_F(ImagesDataset, RefusesImagesOfTwoSizes) {
  const std::string images = folder_.write("t10k", big(0x803) + big(1) + big(3) + big(2) + "123456");
  const std::string labels = folder_.write("t10k-labels", idx_labels({1}));
  EXPECT_THAT(refusal("images", pair({{"validation_images", text(images)}, {"validation_labels", text(labels)}}),
                      BINADE_BAD_DATA),
              HasSubstr(images + ": its images are 1 x 3 x 2, the training images 1 x 2 x 3"));
}

}  // namespace
}  // namespace binade::host
